using System.Globalization;

namespace Edge.Packages;

/// <summary>The models folder: <c>&lt;root&gt;/&lt;name&gt;/&lt;version&gt;/</c> and <c>&lt;root&gt;/&lt;name&gt;/current</c>.</summary>
public sealed partial class PackageStore(string root)
{
    public string Root { get; } = Path.GetFullPath(root);

    /// <summary>Signs what is published; null = packages are not signed.</summary>
    public SigningKey? Signer { get; init; }

    /// <summary>File of <see cref="TrustedKeys"/>, read whenever a package is opened; null = nothing need be signed.</summary>
    public string? TrustedKeysFile { get; init; }

    private string FolderOf(string name) => Path.Combine(Root, PackageFiles.CheckName(name));

    /// <summary>Folder of a version, whether it exists or not.</summary>
    /// <exception cref="EdgeException">The name is not [a-z0-9][a-z0-9._-]{0,63}.</exception>
    public string FolderOf(string name, int version) => Path.Combine(FolderOf(name), version.ToString(CultureInfo.InvariantCulture));

    /// <summary>Published versions, ascending.</summary>
    public IReadOnlyList<int> Versions(string name)
    {
        DirectoryInfo folder = new(FolderOf(name));
        if (!folder.Exists) return [];
        return [.. folder.EnumerateDirectories().Select(d => VersionFile.Parse(d.Name)).OfType<int>().Order()];
    }

    /// <summary>The newest version before <c>current</c> that opens: where a roll back leads.</summary>
    /// <param name="passedOver">Is told of each version that does not open.</param>
    /// <exception cref="EdgeException">There is none.</exception>
    public Package OpenPrevious(string name, Action<string> passedOver)
    {
        int current = Current(name) ?? throw new EdgeException($"{Root} holds no model '{name}'.");
        foreach (int version in Versions(name).Where(v => v < current).Reverse())
        {
            try
            {
                return Open(name, version);
            }
            catch (EdgeException e)
            {
                passedOver($"version {version} is passed over: {e.Message}");
            }
        }
        throw new EdgeException($"{name} has no good version before {current}; {current} stays.");
    }

    /// <summary>Opens the version <c>current</c> names.</summary>
    /// <exception cref="EdgeException">There is none, or the package is refused.</exception>
    public Package OpenCurrent(string name) =>
        Open(name, Current(name) ?? throw new EdgeException($"{Root} holds no model '{name}' yet: train one with edge-trainer train --name {name} --models {Root}."));

    /// <summary>Opens one version, which must be the one its folder says.</summary>
    /// <exception cref="EdgeException">The package is refused.</exception>
    public Package Open(string name, int version)
    {
        Package package = Package.Open(FolderOf(name, version), KeysOf(TrustedKeysFile));
        if (package.Manifest.Name != name || package.Manifest.Version != version)
            throw new EdgeException($"The package {package.Folder} is refused: it is {package.Manifest.Name} version {package.Manifest.Version}, not {name} version {version}.");
        return package;
    }

    /// <summary>Opens a version's folder, or the current version of a folder <c>models/&lt;name&gt;</c>.</summary>
    /// <exception cref="EdgeException">Neither, or the package is refused.</exception>
    public static Package OpenAny(string folder) => OpenAny(folder, null);

    /// <summary>The same.</summary>
    /// <param name="trustedKeysFile">File of <see cref="TrustedKeys"/>, one of which must have signed it; null = nothing need be signed.</param>
    /// <exception cref="EdgeException">Neither, or the package is refused.</exception>
    public static Package OpenAny(string folder, string? trustedKeysFile)
    {
        folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        if (!File.Exists(Path.Combine(folder, PackageFiles.Manifest)) && File.Exists(Path.Combine(folder, "current")))
            return new PackageStore(Path.GetDirectoryName(folder) ?? "/") { TrustedKeysFile = trustedKeysFile }.OpenCurrent(Path.GetFileName(folder));
        return Package.Open(folder, KeysOf(trustedKeysFile));
    }

    /// <summary>Starts a package: files are written to <see cref="PackageDraft.Folder"/>, nothing is visible until it is published.</summary>
    /// <exception cref="EdgeException">The models folder can't be written.</exception>
    public PackageDraft Begin(string name) => new(this, name, FolderOf(name));

    private static TrustedKeys? KeysOf(string? file) => file is null ? null : TrustedKeys.Read(file);
}
