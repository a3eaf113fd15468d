namespace Edge.Packages;

/// <summary>Versions that were made elsewhere and are fetched into this folder.</summary>
public sealed partial class PackageStore
{
    private const string Fetching = ".fetch-";

    /// <summary>Where a version is put together until it is whole: the same folder after a restart, hidden from whoever looks for versions. Those of other versions go.</summary>
    /// <param name="manifest">SHA-256 of its manifest.</param>
    /// <exception cref="EdgeException">The folder can't be written.</exception>
    internal string BeginFetch(string name, int version, string manifest)
    {
        string folder = FolderOf(name), staging = Path.Combine(folder, $"{Fetching}{version}-{manifest[..16]}");
        try
        {
            Directory.CreateDirectory(staging);
            foreach (DirectoryInfo other in new DirectoryInfo(folder).EnumerateDirectories($"{Fetching}*"))
                if (other.FullName != staging) other.Delete(recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeException($"Cannot write to {folder}: {e.Message}", e);
        }
        return staging;
    }

    /// <summary>Verifies a folder of <see cref="BeginFetch"/> as a reader would, flushes it to the disk and renames it into place. What runs is not touched.</summary>
    /// <exception cref="EdgeException">It is refused, the version is there already, or the disk does not take it; what was fetched stays where it is.</exception>
    internal Package EndFetch(string staging, string name, int version)
    {
        Package package = Package.Open(staging, KeysOf(TrustedKeysFile));
        if (package.Manifest.Name != name || package.Manifest.Version != version) throw new EdgeException($"It is {package.Manifest.Name} version {package.Manifest.Version}, not {name} version {version}.");
        string target = FolderOf(name, version);
        try
        {
            foreach (string file in Directory.EnumerateFiles(staging, "*", SearchOption.AllDirectories)) PackageFiles.FlushFile(file);
            foreach (string folder in Directory.EnumerateDirectories(staging, "*", SearchOption.AllDirectories)) PackageFiles.FlushFolder(folder);
            Directory.Move(staging, target);
            PackageFiles.FlushFolder(target);
            PackageFiles.FlushFolder(FolderOf(name));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeException($"Cannot put {target} into place: {e.Message}", e);
        }
        return Open(name, version);
    }

    /// <summary>Removes a version that nothing names; hidden first, so that nobody opens half of it.</summary>
    /// <exception cref="EdgeException">It is to run, or to watch, or can't be removed.</exception>
    internal void Remove(string name, int version)
    {
        if (version == Current(name) || version == Shadow(name) || version == Canary(name)?.Version) throw new EdgeException($"{name} version {version} is in use.");
        string hidden = Path.Combine(FolderOf(name), $".removed-{version}");
        try
        {
            if (Directory.Exists(hidden)) Directory.Delete(hidden, recursive: true);
            if (!Directory.Exists(FolderOf(name, version))) return;
            Directory.Move(FolderOf(name, version), hidden);
            Directory.Delete(hidden, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeException($"Cannot remove {name} version {version}: {e.Message}", e);
        }
    }
}
