using System.Text.Json;

namespace Edge.Agent.Web;

/// <summary>An archived picture and what the journal says of its part.</summary>
/// <param name="Recipe">Null for a part without one.</param>
/// <param name="Score">Raw, as recorded.</param>
internal sealed record PictureOfPart(byte[] Png, string Station, string? Recipe, string Model, int Version, double Score)
{
    /// <returns>Null when no model scored the part.</returns>
    public static PictureOfPart? Of(byte[] png, string station, string record)
    {
        using JsonDocument part = JsonDocument.Parse(record);
        JsonElement r = part.RootElement;
        return Text("model") is { } model && Number("version") is { } version && Number("score") is { } score
            ? new PictureOfPart(png, station, Text("recipe"), model, (int)version, score) : null;

        string? Text(string name) => r.TryGetProperty(name, out JsonElement v) && v.ValueKind == JsonValueKind.String ? v.GetString() : null;
        double? Number(string name) => r.TryGetProperty(name, out JsonElement v) && v.ValueKind == JsonValueKind.Number ? v.GetDouble() : null;
    }
}
