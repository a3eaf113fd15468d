using System.Security.Cryptography;
using Edge.Agent.Configuration;
using Edge.Packages;
using Polly;
using Polly.Retry;

using static Edge.Agent.Delivery.ModelsDisk;

namespace Edge.Agent.Delivery;

/// <summary>
/// Brings one version into the models folder: manifest and signature first, checked before anything else is asked for; then each file, from where it broke off; all of it verified
/// before it is renamed into place. A kill at any moment leaves what is whole, and a folder that the next fetch goes on with.
/// </summary>
internal sealed partial class PackageFetch(DeliveryOptions options, PackageStore store, FetchCounts counts, TimeProvider time, ILogger log)
{
    private const string Part = ".part";
    private const int MostFiles = 1000, MostIdle = 4, Chunk = 64 * 1024;

    /// <returns>The version, also when it was here already.</returns>
    /// <exception cref="DeliveryException">Why not; what has come stays for the next time, unless the version is refused.</exception>
    public async Task<Package> FetchAsync(PackageServer server, string model, OfferedVersion offered, IProgress<FetchProgress>? progress, CancellationToken cancel)
    {
        if (Here(model, offered) is { } here) return here;
        if (offered.Bytes > options.MaxMegabytes * FetchRoom.Megabyte)
            throw new DeliveryException(DeliveryTrouble.Refused, $"{model} version {offered.Version} has {offered.Bytes / FetchRoom.Megabyte} MB; Edge:Delivery:MaxMegabytes is {options.MaxMegabytes}.");
        string path = $"models/{model}/{offered.Version}/";
        (byte[] json, byte[]? signature, Manifest manifest) = await ReadManifestAsync(server, path, model, offered, cancel).ConfigureAwait(false);
        string staging = OnDisk(() => store.BeginFetch(model, offered.Version, offered.Manifest));
        try
        {
            OnDisk(() =>
            {
                foreach (string folder in manifest.Files.Keys.Select(f => Path.GetDirectoryName(Path.Combine(staging, f))!).Distinct()) Directory.CreateDirectory(folder);
                PackageFiles.WriteDurably(Path.Combine(staging, PackageFiles.Manifest), json);
                if (signature is not null) PackageFiles.WriteDurably(Path.Combine(staging, PackageFiles.Signature), signature);
            });
            FetchRoom room = new(options, counts, staging, offered, json.Length + (signature?.Length ?? 0), progress);
            foreach ((string file, string sha256) in manifest.Files.OrderBy(f => f.Key, StringComparer.Ordinal))
                await FetchFileAsync(server, path + file, Path.Combine(staging, file), sha256, room, cancel).ConfigureAwait(false);
            Sweep(staging, manifest);
        }
        catch (DeliveryException e) when (e.Trouble == DeliveryTrouble.Refused)
        {
            Abandon(staging);
            throw;
        }
        try
        {
            return store.EndFetch(staging, model, offered.Version);
        }
        catch (EdgeException e)
        {
            Abandon(staging);   // every hash was right: what is wrong with it is in what it says
            throw new DeliveryException(DeliveryTrouble.Refused, e.Message, e);
        }
    }

    /// <exception cref="DeliveryException">That version is here and is another one.</exception>
    private Package? Here(string model, OfferedVersion offered)
    {
        string folder = store.FolderOf(model, offered.Version);
        if (!Directory.Exists(folder)) return null;
        string manifest = Path.Combine(folder, PackageFiles.Manifest);
        if (OnDisk(() => File.Exists(manifest) ? PackageFiles.Sha256(manifest) : "") != offered.Manifest)
            throw new DeliveryException(DeliveryTrouble.Refused, $"{model} version {offered.Version} is here already and is not the trainer's: one of the two must be removed, or trained again under another number.");
        try
        {
            return store.Open(model, offered.Version);
        }
        catch (EdgeException e)
        {
            throw new DeliveryException(DeliveryTrouble.Refused, $"{e.Message} Remove that folder; it is fetched again.", e);
        }
    }

    private async Task<(byte[] Json, byte[]? Signature, Manifest Manifest)> ReadManifestAsync(PackageServer server, string path, string model, OfferedVersion offered, CancellationToken cancel)
    {
        byte[] json = await server.GetAsync(path + PackageFiles.Manifest, (int)PackageFiles.MaxJsonBytes, cancel).ConfigureAwait(false)
            ?? throw new DeliveryException(DeliveryTrouble.Unreachable, $"{server.Name} offers {model} version {offered.Version} and does not have it.");
        byte[]? signature = await server.GetAsync(path + PackageFiles.Signature, (int)PackageFiles.MaxJsonBytes, cancel).ConfigureAwait(false);
        if (Convert.ToHexStringLower(SHA256.HashData(json)) != offered.Manifest) throw Refuse("its manifest.json is not the one that was offered");
        TrustedKeys? keys = Keys();
        try
        {
            Manifest manifest = Package.ReadManifest(json, signature, keys);
            if (manifest.Name != model || manifest.Version != offered.Version) throw Refuse($"it is {manifest.Name} version {manifest.Version}");
            if (manifest.Files.Count > MostFiles) throw Refuse($"it has {manifest.Files.Count} files");
            if (manifest.Files.Keys.FirstOrDefault(f => !PackageFiles.IsPath(f) || f is PackageFiles.Manifest or PackageFiles.Signature || f.EndsWith(Part, StringComparison.Ordinal)) is { } odd) throw Refuse($"its file '{odd}' has a name that is not fetched");
            return (json, signature, manifest);
        }
        catch (EdgeException e) when (e is not DeliveryException)
        {
            throw Refuse(e.Message, e);
        }

        DeliveryException Refuse(string why, Exception? inner = null) => new(DeliveryTrouble.Refused, $"{model} version {offered.Version} of {server.Name} is refused: {why}", inner);
    }

    /// <exception cref="DeliveryException">They can't be read.</exception>
    private TrustedKeys? Keys()
    {
        try
        {
            return store.TrustedKeysFile is { } file ? TrustedKeys.Read(file) : null;
        }
        catch (EdgeException e)
        {
            throw new DeliveryException(DeliveryTrouble.File, e.Message, e);
        }
    }

    /// <summary>Until it is whole and its hash is right. Broken connections are waited out as long as something comes.</summary>
    private async Task FetchFileAsync(PackageServer server, string path, string file, string sha256, FetchRoom room, CancellationToken cancel)
    {
        string part = file + Part;
        if (OnDisk(() => File.Exists(file) && PackageFiles.Sha256(file) == sha256))
        {
            room.Whole(path, new FileInfo(file).Length);
            return;
        }
        bool damaged = false;
        while (true)
        {
            await GoOnAsync(server, path, part, sha256, room, cancel).ConfigureAwait(false);
            if (OnDisk(() => PackageFiles.Sha256(part)) == sha256) break;
            OnDisk(() => File.Delete(part));
            if (damaged) throw new DeliveryException(DeliveryTrouble.Refused, $"{path} comes damaged from {server.Name}, twice: its SHA-256 is not the manifest's.");
            damaged = true;   // once may be what was left of a disk that had run full
            LogDamaged(path);
        }
        OnDisk(() => File.Move(part, file, overwrite: true));
        room.Whole(path, new FileInfo(file).Length);
    }

    private async Task GoOnAsync(PackageServer server, string path, string part, string sha256, FetchRoom room, CancellationToken cancel)
    {
        int idle = 0;
        long before = -1;
        ResiliencePipeline pipeline = new ResiliencePipelineBuilder { TimeProvider = time }.AddRetry(new RetryStrategyOptions
        {
            MaxRetryAttempts = int.MaxValue,
            Delay = TimeSpan.FromMilliseconds(200),
            MaxDelay = TimeSpan.FromSeconds(15),
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            ShouldHandle = attempt =>
            {
                if (attempt.Outcome.Exception is not DeliveryException { Trouble: DeliveryTrouble.Unreachable }) return ValueTask.FromResult(false);
                long now = File.Exists(part) ? new FileInfo(part).Length : 0;
                idle = now > before ? 0 : idle + 1;
                before = now;
                return ValueTask.FromResult(idle < MostIdle);
            },
            DelayGenerator = _ => ValueTask.FromResult<TimeSpan?>(idle == 0 ? TimeSpan.FromMilliseconds(200) : null),   // what comes in pieces is not made slower still
            OnRetry = attempt =>
            {
                LogGoesOn(path, attempt.Outcome.Exception!.Message);
                return default;
            },
        }).Build();
        await pipeline.ExecuteAsync(stop => new ValueTask(CopyAsync(server, path, part, sha256, room, stop)), cancel).ConfigureAwait(false);
    }

    /// <summary>One answer, to the end of the file or of the connection.</summary>
    private async Task CopyAsync(PackageServer server, string path, string part, string sha256, FetchRoom room, CancellationToken cancel)
    {
        await using FileStream file = OnDisk(() => new FileStream(part, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read, 1));
        long have = file.Length;
        using HttpResponseMessage response = await server.OpenAsync(path, have, sha256, cancel).ConfigureAwait(false);
        if (response.StatusCode == System.Net.HttpStatusCode.RequestedRangeNotSatisfiable) return;   // nothing is left of it; the hash says whether it is whole
        if (response.StatusCode != System.Net.HttpStatusCode.PartialContent)
        {
            have = 0;
            OnDisk(() => file.SetLength(0));
        }
        else if (response.Content.Headers.ContentRange?.From != have) throw new DeliveryException(DeliveryTrouble.Unreachable, $"{server.Name} sends another part of {path} than it was asked for.");
        else counts.Resumed();
        file.Position = have;
        room.Begin(path, have, response.Content.Headers.ContentLength);
        byte[] buffer = new byte[Chunk];
        long started = time.GetTimestamp(), come = 0;
        using CancellationTokenSource listening = PackageServer.Listen(cancel);
        try
        {
            Stream body = await response.Content.ReadAsStreamAsync(listening.Token).ConfigureAwait(false);
            while (await body.ReadAsync(buffer, listening.Token).ConfigureAwait(false) is > 0 and int length)
            {
                room.Add(path, length);
                OnDisk(() => file.Write(buffer, 0, length));
                come += length;
                if (options.MaxKilobytesPerSecond is { } limit && TimeSpan.FromSeconds(come / (limit * 1000.0)) - time.GetElapsedTime(started) is { Ticks: > 0 } ahead) await Task.Delay(ahead, time, cancel).ConfigureAwait(false);
                PackageServer.Heard(listening);
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException || e is OperationCanceledException && !cancel.IsCancellationRequested)
        {
            throw server.Broken(e);
        }
        OnDisk(() => file.Flush(flushToDisk: true));
    }

    /// <summary>Files that an earlier attempt has left and the manifest does not name.</summary>
    private static void Sweep(string staging, Manifest manifest) => OnDisk(() =>
    {
        foreach (string file in Directory.EnumerateFiles(staging, "*", SearchOption.AllDirectories))
            if (Path.GetRelativePath(staging, file).Replace('\\', '/') is var name && !manifest.Files.ContainsKey(name) && name is not (PackageFiles.Manifest or PackageFiles.Signature)) File.Delete(file);
    });

    private static void Abandon(string staging)
    {
        try
        {
            Directory.Delete(staging, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next fetch goes over it, or removes it.
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Path} goes on where it broke off: {Why}")]
    private partial void LogGoesOn(string path, string why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Path} came damaged and is fetched again")]
    private partial void LogDamaged(string path);
}
