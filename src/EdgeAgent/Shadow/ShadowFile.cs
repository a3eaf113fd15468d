using System.Text.Json;
using Edge.Packages;

namespace Edge.Agent.Shadow;

/// <summary><c>models/&lt;name&gt;/shadow-&lt;station&gt;.json</c>: a station's last comparison, for whoever looks into the models folder.</summary>
internal static class ShadowFile
{
    private const string Prefix = "shadow-", Suffix = ".json";

    public static StateFile Of(PackageStore store, string model, string station) => new(Path.Combine(store.Root, model), Prefix + station + Suffix);

    /// <summary>Of all stations that have had a shadow for this model.</summary>
    public static IEnumerable<StateFile> All(PackageStore store, string model)
    {
        string folder = Path.GetDirectoryName(store.FolderOf(model, 1))!;
        return !Directory.Exists(folder) ? [] : Directory.EnumerateFiles(folder, $"{Prefix}*{Suffix}").Order(StringComparer.Ordinal).Select(f => new StateFile(folder, Path.GetFileName(f)));
    }

    /// <summary>Null when there is none.</summary>
    /// <exception cref="EdgeException">It can't be read.</exception>
    public static ShadowReport? Read(StateFile file)
    {
        try
        {
            return file.Read() is { } json ? JsonSerializer.Deserialize(json, ShadowJson.Default.ShadowReport) : null;
        }
        catch (JsonException e)
        {
            throw new EdgeException($"{file.Path} is no report of a shadow: {e.Message}", e);
        }
    }

    public static void Write(StateFile file, ShadowReport report) => file.Write(JsonSerializer.Serialize(report, ShadowJson.Default.ShadowReport));
}
