namespace Edge.Packages;

/// <summary>The models folder: <c>&lt;root&gt;/&lt;name&gt;/&lt;version&gt;/</c> and <c>&lt;root&gt;/&lt;name&gt;/current</c>.</summary>
public sealed class PackageStore(string root)
{
    public string Root { get; } = Path.GetFullPath(root);

    /// <summary>Folder of a version, whether it exists or not.</summary>
    /// <exception cref="EdgeException">The name is not [a-z0-9][a-z0-9._-]{0,63}.</exception>
    public string FolderOf(string name, int version) => throw new NotImplementedException();

    /// <summary>Published versions, ascending.</summary>
    public IReadOnlyList<int> Versions(string name) => throw new NotImplementedException();

    /// <summary>The aspired version; null when there is none yet.</summary>
    /// <exception cref="EdgeException"><c>current</c> does not hold one positive integer.</exception>
    public int? Current(string name) => throw new NotImplementedException();

    /// <summary>Replaces <c>current</c> by rename. Writing an older number is a roll back.</summary>
    /// <exception cref="EdgeException">That version is not there.</exception>
    public void SetCurrent(string name, int version) => throw new NotImplementedException();

    /// <summary>Starts a package: files are written to <see cref="PackageDraft.Folder"/>, nothing is visible until it is published.</summary>
    public PackageDraft Begin(string name) => throw new NotImplementedException();
}

/// <summary>A package being written. Disposing without <see cref="Publish"/> removes every trace.</summary>
public sealed class PackageDraft : IDisposable
{
    internal PackageDraft() { }

    public string Name => throw new NotImplementedException();
    /// <summary>Staging folder; write model.onnx, golden/… and report.html here.</summary>
    public string Folder => throw new NotImplementedException();

    /// <summary>Hashes the files, writes the manifest, verifies the whole as a reader would, flushes to disk and renames into place; then <c>current</c>.</summary>
    /// <param name="manifest">Given the version and the files' hashes, makes the manifest.</param>
    /// <exception cref="EdgeException">Disk full or any other I/O failure, or the package would not verify; nothing is left behind.</exception>
    public Package Publish(Func<int, IReadOnlyDictionary<string, string>, Manifest> manifest) => throw new NotImplementedException();

    public void Dispose() => throw new NotImplementedException();
}
