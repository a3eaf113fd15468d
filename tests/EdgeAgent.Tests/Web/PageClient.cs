using System.Net;
using System.Text.Json.Nodes;
using Edge.Tests.Support;
using Xunit;

namespace Edge.Tests.Web;

/// <summary>Asks the page's side of an agent.</summary>
internal static class PageClient
{
    private static readonly HttpClient Http = new(new SocketsHttpHandler { UseCookies = false });

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static Task<HttpResponseMessage> SendAsync(this TestAgent agent, HttpMethod method, string path, string? host = null)
    {
        // Not normalised: what a hostile client sends must reach the agent as it is.
        HttpRequestMessage request = new(method, new Uri($"http://127.0.0.1:{agent.Host.Address.Port}{path}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        if (host is not null) request.Headers.Host = host;
        return Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Ct);
    }

    public static Task<HttpResponseMessage> GetAsync(this TestAgent agent, string path) => agent.SendAsync(HttpMethod.Get, path);

    public static async Task<(HttpStatusCode Code, JsonNode Json)> GetJsonAsync(this TestAgent agent, string path)
    {
        using HttpResponseMessage response = await agent.GetAsync(path);
        return (response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync(Ct))!);
    }

    /// <summary>A change as the page sends it, unless told otherwise.</summary>
    public static async Task<(HttpStatusCode Code, JsonNode Json)> PostAsync(this TestAgent agent, string path, string body, string? token = null, Action<HttpRequestMessage>? change = null)
    {
        HttpRequestMessage request = new(HttpMethod.Post, new Uri($"http://127.0.0.1:{agent.Host.Address.Port}{path}")) { Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json") };
        request.Headers.Add("X-Edge-Request", "1");
        if (token is not null) request.Headers.Authorization = new("Bearer", token);
        change?.Invoke(request);
        using HttpResponseMessage response = await Http.SendAsync(request, Ct);
        string text = await response.Content.ReadAsStringAsync(Ct);
        return (response.StatusCode, JsonNode.Parse(text.Length > 0 ? text : "{}")!);
    }

    public static async Task<JsonNode[]> PartsAsync(this TestAgent agent, string query)
    {
        (HttpStatusCode code, JsonNode json) = await agent.GetJsonAsync($"/api/history?{query}");
        Assert.True(code == HttpStatusCode.OK, json.ToString());
        return [.. json["parts"]!.AsArray().Select(p => p!)];
    }

    public static async Task<byte[]?> BytesAsync(this TestAgent agent, string path)
    {
        using HttpResponseMessage response = await agent.GetAsync(path);
        return response.IsSuccessStatusCode ? await response.Content.ReadAsByteArrayAsync(Ct) : null;
    }
}
