using System.Text.Json;

namespace Edge.Training.Data.Labels;

/// <summary>COCO: <c>images</c>, <c>annotations</c> with a category each, <c>categories</c>. Where an annotation lies in the picture is not used.</summary>
internal static class CocoLabels
{
    /// <exception cref="EdgeException">Not COCO, or an annotation of an image or category that is not there.</exception>
    public static IReadOnlyList<SceneLabel> Parse(string json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            JsonElement root = document.RootElement;
            Dictionary<long, string> categories = Items(root, "categories").ToDictionary(c => c.GetProperty("id").GetInt64(), c => Text(c, "name"));
            Dictionary<long, (string File, List<string> Labels)> images = Items(root, "images").ToDictionary(i => i.GetProperty("id").GetInt64(), i => (Text(i, "file_name"), new List<string>()));
            foreach (JsonElement annotation in Items(root, "annotations"))
            {
                long image = annotation.GetProperty("image_id").GetInt64(), category = annotation.GetProperty("category_id").GetInt64();
                if (!images.TryGetValue(image, out var target)) throw new EdgeException($"A COCO annotation is about image {image}, which is not among the images.");
                target.Labels.Add(categories.TryGetValue(category, out string? name) ? name : throw new EdgeException($"A COCO annotation of image {image} has category {category}, which is not among the categories."));
            }
            return [.. images.Select(i => new SceneLabel(i.Value.File, SceneLabel.Of(i.Value.Labels), $"image {i.Key}"))];
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw new EdgeException($"The file is not COCO (images, annotations, categories): {e.Message}", e);
        }
    }

    private static JsonElement.ArrayEnumerator Items(JsonElement root, string name) => root.GetProperty(name).EnumerateArray();

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString() is { Length: > 0 } text ? text : throw new EdgeException($"A COCO {name} is empty.");
}
