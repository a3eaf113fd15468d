using System.Collections.Concurrent;
using Edge.Packages;
using Edge.Training.Service.Configuration;

namespace Edge.Training.Service.Delivery;

/// <summary>A version that was verified when it was first seen; versions never change.</summary>
/// <param name="Files">Path below its folder → SHA-256, manifest.json and signature too.</param>
internal sealed record OfferedPackage(string Folder, OfferedVersion Version, IReadOnlyDictionary<string, string> Files);

/// <summary>What the models folder has for agents. Looks every two seconds: whoever publishes there, this service or a command line, needs to say nothing.</summary>
internal sealed partial class Offers(ServeOptions options, TimeProvider time, ILogger<Offers> log) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(2), RetryAfter = TimeSpan.FromMinutes(1);

    private readonly PackageStore store = new(options.Models);
    private readonly ConcurrentDictionary<(string Model, int Version), OfferedPackage> known = new();
    private readonly ConcurrentDictionary<(string Model, int Version), DateTimeOffset> damaged = new();
    private readonly Lock opening = new();
    private volatile Dictionary<string, ModelOffer> all = [];
    private string? told;

    /// <summary>By model.</summary>
    public IReadOnlyDictionary<string, ModelOffer> All => all;

    /// <summary>Raised when <see cref="All"/> is another.</summary>
    public event Action? Changed;

    /// <summary>Null when there is no such version, or it is damaged. Any thread.</summary>
    public OfferedPackage? Find(string model, int version)
    {
        if (known.TryGetValue((model, version), out OfferedPackage? package)) return package;
        if (!PackageFiles.IsName(model) || !Directory.Exists(store.FolderOf(model, version))) return null;
        lock (opening)   // one after the other: hashing is work, and whoever asks may ask for many
        {
            if (known.TryGetValue((model, version), out package)) return package;
            if (damaged.TryGetValue((model, version), out DateTimeOffset seen) && time.GetUtcNow() - seen < RetryAfter) return null;
            try
            {
                return known[(model, version)] = Open(model, version);
            }
            catch (Exception e) when (e is EdgeException or IOException or UnauthorizedAccessException)
            {
                damaged[(model, version)] = time.GetUtcNow();
                LogDamaged(model, version, e.Message);
                return null;
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(Period, time);
        try
        {
            do
            {
                await Task.Run(LookOrStay, stoppingToken).ConfigureAwait(false);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { }
    }

    private void LookOrStay()
    {
        try
        {
            Look();
            told = null;
        }
        catch (Exception e) when (e is EdgeException or IOException or UnauthorizedAccessException)
        {
            if (told != e.Message) LogUnseen(e.Message);   // what was offered before still is
            told = e.Message;
        }
    }

    private void Look()
    {
        Dictionary<string, ModelOffer> found = [];
        DirectoryInfo folder = new(store.Root);
        foreach (string model in folder.Exists ? folder.EnumerateDirectories().Select(d => d.Name).Where(PackageFiles.IsName) : [])
        {
            if (store.Versions(model).Reverse().Select(v => Find(model, v)).FirstOrDefault(p => p is not null) is not { } newest) continue;
            OfferedPackage? current = store.CurrentOrNone(model) is { } version ? Find(model, version) : null;
            found[model] = new ModelOffer(model, newest.Version, current?.Version);
        }
        if (found.Count == all.Count && found.All(f => all.TryGetValue(f.Key, out ModelOffer? before) && before == f.Value)) return;
        all = found;
        Changed?.Invoke();
    }

    private OfferedPackage Open(string model, int version)
    {
        Package package = store.Open(model, version);
        Dictionary<string, string> files = new(package.Manifest.Files, StringComparer.Ordinal);
        foreach (string file in (string[])[PackageFiles.Manifest, PackageFiles.Signature])
            if (File.Exists(Path.Combine(package.Folder, file))) files[file] = PackageFiles.Sha256(Path.Combine(package.Folder, file));
        if (files.Keys.FirstOrDefault(f => !PackageFiles.IsPath(f)) is { } odd) throw new EdgeException($"its file '{odd}' has a name that is not sent over a network.");
        return new OfferedPackage(package.Folder, new OfferedVersion(version, files[PackageFiles.Manifest], files.Keys.Sum(f => new FileInfo(Path.Combine(package.Folder, f)).Length)), files);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "the models folder cannot be looked at: {Why}")]
    private partial void LogUnseen(string why);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Model} version {Version} is not offered to agents: {Why}")]
    private partial void LogDamaged(string model, int version, string why);
}
