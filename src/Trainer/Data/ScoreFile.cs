using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.VisualBasic.FileIO;

namespace Edge.Training.Data;

/// <param name="Label"><c>good</c>, the name of a defect, or null: nobody knows, as in production.</param>
internal sealed record ScoredPart(float Score, string? Label);

/// <summary>
/// Raw image scores from a file, in its order. CSV: <c>score[,label]</c> a line, or any columns with a header that names
/// <c>score</c> and perhaps <c>label</c>; comma, semicolon or tab. JSON: what <c>evaluate --json</c> prints, an array, or one object
/// after another (<c>edge-agent inspect</c>), each with <c>score</c> and perhaps <c>label</c>.
/// </summary>
/// <param name="Digest">SHA-256 of the file, lower-case hexadecimal.</param>
/// <param name="Uninspected">Parts that the agent said it did not inspect: they have no score and are left out.</param>
internal sealed record ScoreFile(IReadOnlyList<ScoredPart> Parts, string Digest, int Uninspected)
{
    private static readonly string[] Normal = [Picture.NormalLabel, "normal", "ok", "0"];

    /// <exception cref="EdgeException">Not readable, or a line without a finite score; the message names the row.</exception>
    public static ScoreFile Read(string path)
    {
        try
        {
            byte[] bytes = File.ReadAllBytes(path);
            bool json = bytes.AsSpan().TrimStart(" \t\r\n\uFEFF"u8) is [(byte)'{' or (byte)'[', ..];
            int uninspected = 0;
            List<ScoredPart> parts = json ? Json(bytes, path, out uninspected) : Csv(path);
            return parts.Count > 0 ? new ScoreFile(parts, Convert.ToHexStringLower(SHA256.HashData(bytes)), uninspected)
                : throw new EdgeException($"{path} holds no scores.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or MalformedLineException)
        {
            throw new EdgeException($"{path} can't be read: {e.Message}", e);
        }
    }

    private static List<ScoredPart> Csv(string path)
    {
        List<ScoredPart> parts = [];
        using TextFieldParser parser = new(path) { HasFieldsEnclosedInQuotes = true, TrimWhiteSpace = true };
        parser.SetDelimiters(",", ";", "\t");
        int score = 0, label = 1, row = 0;
        while (parser.ReadFields() is { } fields)
        {
            row++;   // blank lines are not counted
            if (row == 1 && Array.FindIndex(fields, f => f.Equals("score", StringComparison.OrdinalIgnoreCase)) is >= 0 and int named)
            {
                (score, label) = (named, Array.FindIndex(fields, f => f.Equals("label", StringComparison.OrdinalIgnoreCase)));
                continue;
            }
            string text = score < fields.Length ? fields[score] : "";
            if (!float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out float value))
                throw new EdgeException($"{path}, row {row}: '{text}' is not a score; a row is score[,label] with a decimal point, or the first row names the columns score and label.");
            parts.Add(Part(value, label >= 0 && label < fields.Length ? fields[label] : null, $"{path}, row {row}"));
        }
        return parts;
    }

    private static List<ScoredPart> Json(byte[] bytes, string path, out int uninspected)
    {
        uninspected = 0;
        List<ScoredPart> parts = [];
        Utf8JsonReader reader = new(bytes.AsSpan().TrimStart("\uFEFF"u8), new JsonReaderOptions { AllowMultipleValues = true });
        while (reader.Read())
        {
            using JsonDocument document = JsonDocument.ParseValue(ref reader);
            JsonElement root = document.RootElement;
            if (root.ValueKind == JsonValueKind.Object && root.TryGetProperty("pictures", out JsonElement pictures)) root = pictures;
            foreach (JsonElement part in root.ValueKind == JsonValueKind.Array ? root.EnumerateArray().ToArray() : [root])
            {
                string where = $"{path}, part {parts.Count + uninspected + 1}";
                if (part.ValueKind == JsonValueKind.Object && part.TryGetProperty("verdict", out JsonElement verdict)
                    && verdict.ValueKind == JsonValueKind.String && verdict.ValueEquals("uninspected"u8))
                {
                    uninspected++;
                    continue;
                }
                if (part.ValueKind != JsonValueKind.Object || !part.TryGetProperty("score", out JsonElement score)
                    || score.ValueKind != JsonValueKind.Number || !score.TryGetSingle(out float value))
                    throw new EdgeException($"{where}: no number 'score'.");
                parts.Add(Part(value, part.TryGetProperty("label", out JsonElement label) && label.ValueKind == JsonValueKind.String ? label.GetString() : null, where));
            }
        }
        return parts;
    }

    private static ScoredPart Part(float score, string? label, string where) =>
        !float.IsFinite(score) ? throw new EdgeException($"{where}: the score is {score}; only finite scores can be calibrated.")
        : new ScoredPart(score, string.IsNullOrWhiteSpace(label) ? null : Normal.Contains(label.Trim(), StringComparer.OrdinalIgnoreCase) ? Picture.NormalLabel : label.Trim());
}
