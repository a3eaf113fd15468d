using System.Text;

namespace Edge.Packages;

/// <summary>A package being written beside the published ones. Disposing without <see cref="Publish"/> removes every trace.</summary>
public sealed class PackageDraft : IDisposable
{
    private readonly PackageStore store;
    private readonly string modelFolder;
    private readonly bool madeModelFolder;

    public string Name { get; }

    /// <summary>Staging folder; write model.onnx, golden/… and report.html here.</summary>
    public string Folder { get; }

    internal PackageDraft(PackageStore store, string name, string modelFolder)
    {
        (this.store, Name, this.modelFolder) = (store, name, modelFolder);
        Folder = Path.Combine(modelFolder, $".staging-{Guid.NewGuid():N}");
        try
        {
            madeModelFolder = !Directory.Exists(modelFolder);
            if (!madeModelFolder) RemoveAbandoned(modelFolder);
            Directory.CreateDirectory(Path.Combine(Folder, "golden"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeException($"Cannot write to {modelFolder}: {e.Message}", e);
        }
    }

    /// <summary>Writes <c>golden/expected.json</c>.</summary>
    /// <exception cref="EdgeException">The file can't be written.</exception>
    public void WriteGolden(GoldenSet golden) =>
        Guard(() => File.WriteAllText(Path.Combine(Folder, PackageFiles.Expected), System.Text.Json.JsonSerializer.Serialize(golden, PackageJson.Default.GoldenSet)));

    /// <summary>
    /// Hashes the files, writes the manifest, verifies the whole as a reader would, flushes it to disk and renames it into
    /// place; then <c>current</c> names it. Two trainers that publish at once get two versions.
    /// </summary>
    /// <param name="manifest">Given the version and the files' hashes, makes the manifest.</param>
    /// <param name="setCurrent">False leaves <c>current</c> as it is.</param>
    /// <exception cref="EdgeException">Disk full or another I/O failure, or the package would not verify; nothing is left behind.</exception>
    public Package Publish(Func<int, IReadOnlyDictionary<string, string>, Manifest> manifest, bool setCurrent = true)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        SortedDictionary<string, string> files = new(StringComparer.Ordinal);
        Guard(() =>
        {
            foreach (string file in Directory.EnumerateFiles(Folder, "*", SearchOption.AllDirectories))
            {
                PackageFiles.FlushFile(file);
                files[Path.GetRelativePath(Folder, file).Replace('\\', '/')] = PackageFiles.Sha256(file);
            }
        });
        IReadOnlyList<int> published = store.Versions(Name);
        for (int version = published.Count == 0 ? 1 : published[^1] + 1; ; version++)
        {
            string target = store.FolderOf(Name, version);
            byte[] json = Encoding.UTF8.GetBytes(manifest(version, files).ToJson());
            Guard(() => PackageFiles.WriteDurably(Path.Combine(Folder, PackageFiles.Manifest), json));
            if (store.Signer is { } signer) Guard(() => PackageFiles.WriteDurably(
                Path.Combine(Folder, PackageFiles.Signature), System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(signer.Sign(json), PackageJson.Default.PackageSignature)));
            Package.Open(Folder, store.Signer?.Trusted);
            try
            {
                Directory.Move(Folder, target);
            }
            catch (IOException) when (Directory.Exists(target))
            {
                continue;   // another trainer was faster: take the next number
            }
            catch (IOException e)
            {
                throw new EdgeException($"Cannot publish {target}: {e.Message}", e);
            }
            PackageFiles.FlushFolder(target);
            PackageFiles.FlushFolder(modelFolder);
            Package package = Package.Open(target);
            if (setCurrent) store.SetCurrent(Name, version, why: "published");
            return package;
        }
    }

    /// <summary>What a trainer that was killed left behind; a day is longer than any is being written.</summary>
    private static void RemoveAbandoned(string modelFolder)
    {
        foreach (DirectoryInfo staging in new DirectoryInfo(modelFolder).EnumerateDirectories(".staging-*"))
            if (DateTime.UtcNow - staging.LastWriteTimeUtc > TimeSpan.FromDays(1)) staging.Delete(recursive: true);
    }

    public void Dispose()
    {
        try
        {
            if (Directory.Exists(Folder)) Directory.Delete(Folder, recursive: true);
            if (madeModelFolder && Directory.Exists(modelFolder) && !Directory.EnumerateFileSystemEntries(modelFolder).Any()) Directory.Delete(modelFolder);
        }
        catch (IOException)
        {
            // The staging folder begins with a dot and is never taken for a version; a later draft removes it.
        }
    }

    private void Guard(Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeException($"Cannot write the package in {modelFolder}: {e.Message} Nothing was published.", e);
        }
    }
}
