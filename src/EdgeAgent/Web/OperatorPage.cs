using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Edge.Agent.Configuration;
using Edge.Agent.Shadow;
using Microsoft.AspNetCore.Routing;

namespace Edge.Agent.Web;

/// <summary>
/// The page for the people at the line, on the listener of /metrics: files of the assembly, JSON, pictures, events. It reads; nothing here
/// can change what the line does.
/// </summary>
internal static class OperatorPage
{
    // Everything comes from here, nothing may frame it, and a script that found its way into a text would not run.
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    public static void Map(WebApplication app, AgentHost agent, AgentOptions options, TimeProvider time)
    {
        KnownHosts hosts = new(options.Http.Hosts);
        VerdictStream stream = new(agent.Stations, options.Line, time, () => app.Lifetime.ApplicationStopping);
        History history = new(agent.Journal);
        ArchivePictures pictures = new(agent.Journal, options.Archive);
        LivePictures live = new(agent.Stations);
        foreach (PageFile file in PageFile.All()) Get(file.Path, file.WriteAsync);
        Get("/api/stations", http => WriteJsonAsync(http, [.. agent.Stations.Select(StationView.Of)], WebJson.Default.IReadOnlyListStationView));
        Get("/api/stations/{name}/picture", live.WriteAsync);
        Get("/api/verdicts", stream.WriteAsync);
        Get("/api/history", history.WriteAsync);
        Get("/api/shadow", http => WriteJsonAsync(http, [.. agent.Stations.Select(s => s.Shadow.View)], ShadowJson.Default.IReadOnlyListShadowView));
        Get("/api/pictures/{seq:long}", pictures.WriteAsync);

        void Get(string path, RequestDelegate answer) => app.MapGet(path, async http =>
        {
            IHeaderDictionary headers = http.Response.Headers;
            headers.ContentSecurityPolicy = Policy;
            headers.XContentTypeOptions = "nosniff";
            headers["Referrer-Policy"] = "no-referrer";
            headers["Cross-Origin-Resource-Policy"] = "same-origin";
            headers.CacheControl = "no-store";
            if (!hosts.Knows(http.Request.Host.Host))
            {
                await WriteErrorAsync(http, StatusCodes.Status421MisdirectedRequest, "This name is not known here; add it to Edge:Http:Hosts.").ConfigureAwait(false);
                return;
            }
            try
            {
                await answer(http).ConfigureAwait(false);
            }
            catch (EdgeException e) when (!http.Response.HasStarted)
            {
                await WriteErrorAsync(http, StatusCodes.Status503ServiceUnavailable, e.Message).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested || app.Lifetime.ApplicationStopping.IsCancellationRequested) { }
        });
    }

    public static async Task WriteJsonAsync<T>(HttpContext http, T value, JsonTypeInfo<T> type)
    {
        http.Response.ContentType = "application/json; charset=utf-8";
        await http.Response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(value, type), http.RequestAborted).ConfigureAwait(false);
    }

    public static Task WriteErrorAsync(HttpContext http, int status, string error)
    {
        http.Response.StatusCode = status;
        return WriteJsonAsync(http, new ErrorView(error), WebJson.Default.ErrorView);
    }
}
