using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace Edge.Training.Reports;

/// <summary>
/// One HTML file that needs nothing else: style, script and data are inside. The pictures come last, in blocks, so that a browser shows the
/// charts before it has read them. The content security policy names the one script and the one style by hash and forbids every connection.
/// </summary>
internal static class ReportPage
{
    /// <summary>Pictures in one block: half a megabyte, parsed when one of them is about to be seen.</summary>
    public const int Block = 64;

    private static readonly string[] Scripts = ["stats.js", "charts.js", "tables.js", "gallery.js", "report.js", "start.js"];

    /// <summary>Writes beside the place and renames: the page is there as a whole or not at all.</summary>
    /// <exception cref="EdgeException">The file can't be written.</exception>
    public static void Write(string path, ReportData data, IReadOnlyList<ReportPicture> pictures)
    {
        path = Path.GetFullPath(path);
        if (Directory.Exists(path)) throw new EdgeException($"{path} is a folder; --out names a file, e.g. report.html.");
        string staged = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            using (StreamWriter writer = new(staged, append: false, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), bufferSize: 1 << 16)) Write(writer, data, pictures);
            File.Move(staged, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeException($"Cannot write {path}: {e.Message}", e);
        }
        finally
        {
            File.Delete(staged);
        }
    }

    private static void Write(TextWriter writer, ReportData data, IReadOnlyList<ReportPicture> pictures)
    {
        string script = "'use strict';\n" + string.Concat(Scripts.Select(Resource)), style = Resource("report.css");
        string[] parts = Resource("report.html").Split("{{", StringSplitOptions.None);
        writer.Write(parts[0]);
        foreach (string part in parts.Skip(1))
        {
            int end = part.IndexOf("}}", StringComparison.Ordinal);
            switch (part[..end])
            {
                case "policy": writer.Write($"default-src 'none'; img-src data:; script-src '{Hash(script)}'; style-src '{Hash(style)}'"); break;
                case "title": writer.Write(WebUtility.HtmlEncode($"{data.Name} version {data.Version}: evaluation")); break;
                case "style": writer.Write(style); break;
                case "data": writer.Write(data.ToJson()); break;
                case "script": writer.Write(script); break;
                case "pictures": WriteBlocks(writer, pictures); break;
                default: throw new InvalidOperationException($"report.html has an unknown place {part[..end]}.");
            }
            writer.Write(part[(end + 2)..]);
        }
    }

    /// <summary>[[picture, heatmap], …] in base64, whose letters mean nothing to HTML or JSON.</summary>
    private static void WriteBlocks(TextWriter writer, IReadOnlyList<ReportPicture> pictures)
    {
        for (int first = 0; first < pictures.Count; first += Block)
        {
            writer.Write($"<script type=\"application/json\" id=\"pictures-{first / Block}\">[");
            for (int i = first; i < Math.Min(first + Block, pictures.Count); i++)
            {
                writer.Write($"{(i > first ? "," : "")}[\"{Convert.ToBase64String(pictures[i].Thumbnail)}\",\"{Convert.ToBase64String(pictures[i].Heatmap)}\"]");
            }
            writer.Write("]</script>\n");
        }
    }

    private static string Hash(string text) => $"sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text)))}";

    private static string Resource(string name)
    {
        using Stream stream = typeof(ReportPage).Assembly.GetManifestResourceStream("report/" + name) ?? throw new InvalidOperationException($"The resource {name} is missing.");
        using StreamReader reader = new(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
