using System.Security.Cryptography;
using Edge.Training.Cli;
using Edge.Training.Onnx;

namespace Edge.Training.Backbones.Store;

/// <summary>Brings a file into the store: carried by hand, or fetched from its publisher. Both are hashed and opened before they become an entry.</summary>
internal sealed class BackboneIntake(BackboneStore store, Terminal terminal, TimeProvider time)
{
    /// <summary>Copies a file that was carried here. One of a known publisher's is recognised by its hash.</summary>
    /// <exception cref="EdgeException">The file can't be read or used, or is not what its name says.</exception>
    public StoredBackbone Add(string path, string? name, string? licence, CancellationToken cancellation)
    {
        if (!File.Exists(path)) throw new EdgeException($"{path} does not exist.");
        return Staged(name ?? NameOf(path), staged =>
        {
            string copy = Path.Combine(staged, Path.GetFileName(path));
            using (FileStream from = File.OpenRead(path), to = File.Create(copy)) Copy(from, to, from.Length, "copying", cancellation);
            string sha256 = HashOf(copy);
            KnownBackbone? known = BackboneCatalogue.All.FirstOrDefault(k => k.Matches(sha256));
            KnownBackbone? claimed = BackboneCatalogue.All.FirstOrDefault(k => k.Name == name || k.File == Path.GetFileName(path));
            if (claimed is not null && claimed != known) throw Wrong(claimed, sha256, path);
            return Entry(name ?? known?.Name ?? NameOf(path), copy, sha256, licence ?? known?.Licence, known?.Url.ToString() ?? Path.GetFullPath(path));
        });
    }

    /// <exception cref="EdgeException">No network, no such file, a wrong hash, a full disk; nothing is left of it but a part that the next attempt goes on from.</exception>
    public async Task<StoredBackbone> FetchAsync(KnownBackbone known, BackboneDownload download, CancellationToken cancellation)
    {
        Directory.CreateDirectory(store.Folder);
        string part = Path.Combine(store.Folder, $".{known.File}.part");
        await download.RunAsync(known, part, cancellation).ConfigureAwait(false);
        string sha256 = HashOf(part);
        if (!known.Matches(sha256))
        {
            File.Delete(part);
            throw Wrong(known, sha256, known.Url.ToString());
        }
        return Staged(known.Name, staged =>
        {
            string file = Path.Combine(staged, known.File);
            File.Move(part, file);
            return Entry(known.Name, file, sha256, known.Licence, known.Url.ToString());
        });
    }

    /// <summary>Lower-case hexadecimal.</summary>
    public static string HashOf(string path)
    {
        using FileStream file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }

    private StoredBackbone Staged(string name, Func<string, StoredBackbone> make)
    {
        string? staged = null;
        try
        {
            staged = store.Stage(name);
            StoredBackbone entry = make(staged);
            if (store.Find(entry.Name) is { } there && there.Sha256 == entry.Sha256)
            {
                terminal.Line($"{entry.Name} is there already, with the same content");
                return there;
            }
            store.Publish(staged, entry);
            return entry;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeException($"Cannot write to {store.Folder}: {e.Message} Nothing was added.", e);
        }
        finally
        {
            if (staged is not null && Directory.Exists(staged)) Directory.Delete(staged, recursive: true);
        }
    }

    // Opened before it becomes an entry: what is no backbone is not added.
    private StoredBackbone Entry(string name, string file, string sha256, string? licence, string source)
    {
        string? architecture = null;
        if (Backbone.IsNetwork(file)) _ = new OnnxNetwork(file);
        else architecture = Backbone.Load(file).Trunk.Architecture;
        return new StoredBackbone(name, Path.GetFileName(file), sha256, new FileInfo(file).Length, architecture, licence, source, time.GetUtcNow());
    }

    private void Copy(Stream from, FileStream to, long length, string what, CancellationToken cancellation) => terminal.Progress(what, progress =>
    {
        byte[] buffer = new byte[1 << 20];
        for (long done = 0; from.Read(buffer) is > 0 and var read; progress.Report((double)(done += read) / Math.Max(length, 1)))
        {
            cancellation.ThrowIfCancellationRequested();
            to.Write(buffer, 0, read);
        }
        to.Flush(flushToDisk: true);
        return 0;
    });

    private static EdgeException Wrong(KnownBackbone known, string sha256, string from) =>
        new($"{from} is not {known.Name}: its SHA-256 is {sha256}, the publisher's {(known.Sha256.Length == 64 ? "is" : "starts with")} {known.Sha256}. It was damaged or is another file; nothing was added.");

    private static string NameOf(string path) => string.Concat(Path.GetFileNameWithoutExtension(path).ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' ? c : '-')).TrimStart('.', '-', '_') is { Length: > 0 } name ? name[..Math.Min(name.Length, 64)] : "backbone";
}
