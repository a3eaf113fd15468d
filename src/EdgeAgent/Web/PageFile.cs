using System.Reflection;

namespace Edge.Agent.Web;

/// <summary>One file of the page, out of the assembly.</summary>
internal sealed record PageFile(string Path, string ContentType, byte[] Content)
{
    private const string Prefix = "page/", Start = "index.html";

    public static IEnumerable<PageFile> All()
    {
        Assembly assembly = typeof(PageFile).Assembly;
        foreach (string resource in assembly.GetManifestResourceNames().Where(n => n.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            using Stream stream = assembly.GetManifestResourceStream(resource)!;
            byte[] content = new byte[stream.Length];
            stream.ReadExactly(content);
            string name = resource[Prefix.Length..];
            yield return new PageFile(name == Start ? "/" : $"/{name}", TypeOf(name), content);
        }
    }

    public async Task WriteAsync(HttpContext http)
    {
        http.Response.ContentType = ContentType;
        await http.Response.Body.WriteAsync(Content, http.RequestAborted).ConfigureAwait(false);
    }

    private static string TypeOf(string name) => System.IO.Path.GetExtension(name) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".svg" => "image/svg+xml",
        string other => throw new InvalidOperationException($"no content type for '{other}'"),
    };
}
