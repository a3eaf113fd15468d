using System.Xml;
using System.Xml.Linq;

namespace Edge.Training.Data.Labels;

/// <summary>"CVAT for images 1.1": every <c>image</c> with its <c>tag</c>s; boxes, polygons and other shapes count by their label too.</summary>
internal static class CvatLabels
{
    /// <exception cref="EdgeException">Not CVAT's XML.</exception>
    public static IReadOnlyList<SceneLabel> Parse(string xml)
    {
        try
        {
            using XmlReader reader = XmlReader.Create(new StringReader(xml));   // refuses a DTD
            XElement root = XDocument.Load(reader).Root!;
            if (root.Name.LocalName != "annotations") throw new EdgeException($"The file is not CVAT's XML: its root is <{root.Name.LocalName}>, not <annotations>.");
            if (!root.Elements("image").Any()) throw new EdgeException("The CVAT file names no image; export with 'CVAT for images 1.1'.");
            return [.. root.Elements("image").Select(image => new SceneLabel(
                image.Attribute("name")?.Value is { Length: > 0 } name ? name : throw new EdgeException($"CVAT image {image.Attribute("id")?.Value} has no name."),
                SceneLabel.Of(image.Elements().Select(e => e.Attribute("label")?.Value).OfType<string>()),
                $"image {image.Attribute("id")?.Value}"))];
        }
        catch (XmlException e)
        {
            throw new EdgeException($"The file is not CVAT's XML: {e.Message}", e);
        }
    }
}
