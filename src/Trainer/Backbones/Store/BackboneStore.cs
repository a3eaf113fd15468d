using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace Edge.Training.Backbones.Store;

/// <summary>
/// A folder of backbones by name: <c>NAME/backbone.json</c> and the file beside it. An entry is staged under a hidden name and renamed, so a half-written one is never seen.
/// </summary>
internal sealed partial class BackboneStore(string folder)
{
    private const string Record = "backbone.json", Variable = "EDGE_BACKBONES";

    public string Folder { get; } = Path.GetFullPath(folder);

    /// <summary>EDGE_BACKBONES, or edge/backbones in the user's data folder (XDG_DATA_HOME, ~/.local/share).</summary>
    public static BackboneStore Usual() => new(Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } set ? set
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "edge", "backbones"));

    /// <exception cref="EdgeException">An entry's record is damaged.</exception>
    public IReadOnlyList<StoredBackbone> All() => !Directory.Exists(Folder) ? [] :
        [.. Directory.EnumerateDirectories(Folder).Select(f => Path.GetFileName(f)).Where(n => NamePattern().IsMatch(n)).Order(StringComparer.Ordinal).Select(Find).OfType<StoredBackbone>()];

    /// <returns>null when there is none of this name.</returns>
    /// <exception cref="EdgeException">Its record is damaged.</exception>
    public StoredBackbone? Find(string name)
    {
        string record = Path.Combine(Folder, name, Record);
        if (!NamePattern().IsMatch(name) || !File.Exists(record)) return null;
        try
        {
            StoredBackbone? stored = JsonSerializer.Deserialize(File.ReadAllBytes(record), StoreJson.Default.StoredBackbone);
            return stored is not null && stored.Name == name && Path.GetFileName(stored.File) == stored.File ? stored : throw new EdgeException($"{record} does not say what it should; remove the folder and add the file again.");
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new EdgeException($"{record} cannot be read ({e.Message}); remove the folder and add the file again.", e);
        }
    }

    public string PathOf(StoredBackbone stored) => Path.Combine(Folder, stored.Name, stored.File);

    /// <summary>A file that exists, else a name of the store.</summary>
    /// <returns>The weights' file, and the name to call them by.</returns>
    /// <exception cref="EdgeException">Neither; the message says what to fetch or to carry here.</exception>
    public (string Path, string Name) Resolve(string fileOrName)
    {
        if (File.Exists(fileOrName)) return (fileOrName, Path.GetFileNameWithoutExtension(fileOrName));
        if (Find(fileOrName) is { } stored) return (PathOf(stored), stored.Name);
        if (BackboneCatalogue.Find(fileOrName) is { } known) throw new EdgeException($"Backbone {known.Name} is not in {Folder}. {HowToGet(known)}");
        string[] names = [.. All().Select(s => s.Name).Union(BackboneCatalogue.All.Select(k => k.Name)).Order(StringComparer.Ordinal)];
        throw new EdgeException($"Backbone {fileOrName} does not exist: there is no such file, and no such name (known: {string.Join(", ", names)}).");
    }

    /// <summary>For a machine without a network too.</summary>
    public static string HowToGet(KnownBackbone known) =>
        $"With a network: edge-trainer backbones add {known.Name}. Without: fetch {known.Url} elsewhere, carry {known.File} here, then edge-trainer backbones add {known.File}.";

    /// <summary>A hidden folder in the store for one entry in the making; <see cref="Publish"/> makes it an entry.</summary>
    /// <exception cref="EdgeException">The name is not one, or is taken.</exception>
    public string Stage(string name)
    {
        if (!NamePattern().IsMatch(name)) throw new EdgeException($"'{name}' is no name for a backbone; use a-z, 0-9, '.', '_' and '-' (--name).");
        return Directory.CreateDirectory(Path.Combine(Folder, $".add-{name}-{Guid.NewGuid():N}")).FullName;
    }

    public void Publish(string staged, StoredBackbone stored)
    {
        string target = Path.Combine(Folder, stored.Name);
        if (Directory.Exists(target)) throw new EdgeException($"There is a backbone {stored.Name} in {Folder} already, with another content; use --name, or remove that folder.");
        File.WriteAllBytes(Path.Combine(staged, Record), JsonSerializer.SerializeToUtf8Bytes(stored, StoreJson.Default.StoredBackbone));
        Directory.Move(staged, target);
    }

    [GeneratedRegex("^[a-z0-9][a-z0-9._-]{0,63}$", RegexOptions.CultureInvariant)]
    private static partial Regex NamePattern();
}

/// <param name="File">Name in the entry's folder.</param>
/// <param name="Architecture">As recognised; null for an ONNX network.</param>
/// <param name="Source">Address, or the path it was carried in by.</param>
internal sealed record StoredBackbone(string Name, string File, string Sha256, long Bytes, string? Architecture, string? Licence, string Source, DateTimeOffset AddedAt);

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(StoredBackbone))]
internal sealed partial class StoreJson : JsonSerializerContext;
