using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Edge.Agent.Configuration;
using Edge.Agent.Models;
using Edge.Agent.Shadow;
using Edge.Agent.Web.Access;
using Edge.Packages;
using Microsoft.AspNetCore.Routing;

namespace Edge.Agent.Web;

/// <summary>
/// The page for the people at the line, on the listener of /metrics: files of the assembly, JSON, pictures, events. Everybody may read;
/// what people say of parts is taken from those who may.
/// </summary>
internal static class OperatorPage
{
    // Everything comes from here, nothing may frame it, and a script that found its way into a text would not run.
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private const int LargestBody = 16 * 1024;

    public static void Map(WebApplication app, AgentHost agent, AgentOptions options, TimeProvider time)
    {
        KnownHosts hosts = new(options.Http.Hosts);
        AccessControl access = new(options.Http, time, app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("page"));
        access.Check();
        VerdictStream stream = new(agent.Stations, options.Line, time, () => app.Lifetime.ApplicationStopping);
        History history = new(agent.Journal, agent.Reviews);
        Reviewing reviewing = new(agent.Reviews, agent.Journal);
        Models models = new(agent.Stations, new PackageStore(options.Models), agent.Journal, agent.Reviews);
        PartHeatmaps heatmaps = new(new ModelLoader(new PackageStore(options.Models) { TrustedKeysFile = options.TrustedKeys }, agent.Proof, threads: 1, time));
        app.Lifetime.ApplicationStopping.Register(heatmaps.Dispose);
        app.Lifetime.ApplicationStopped.Register(() => heatmaps.Join());
        ArchivePictures pictures = new(agent.Journal, options.Archive, agent.Stations, heatmaps);
        LivePictures live = new(agent.Stations);
        foreach (PageFile file in PageFile.All()) Get(file.Path, file.WriteAsync);
        Get("/api/stations", http => WriteJsonAsync(http, [.. agent.Stations.Select(StationView.Of)], WebJson.Default.IReadOnlyListStationView));
        Get("/api/stations/{name}/picture", live.WriteAsync);
        Get("/api/verdicts", stream.WriteAsync);
        Get("/api/history", history.WriteAsync);
        Get("/api/shadow", http => WriteJsonAsync(http, [.. agent.Stations.Select(s => s.Shadow.View)], ShadowJson.Default.IReadOnlyListShadowView));
        Get("/api/pictures/{seq:long}", pictures.WriteAsync);
        Get("/api/pictures/{seq:long}/heatmap", pictures.WriteHeatmapAsync);
        Get("/api/access", http => WriteJsonAsync(http, access.View(http), WebJson.Default.AccessView));
        Get("/api/reviews/queue", reviewing.WriteQueueAsync);
        Get("/api/reviews/counts", http => WriteJsonAsync(http, agent.Reviews.Read(r => r.Counts(), []), WebJson.Default.IReadOnlyListReviewCount));
        Get("/api/models", models.WriteAsync);
        Get("/api/scores", models.WriteScoresAsync);
        Post("/api/login", WebJson.Default.LoginRequest, WebJson.Default.AccessView, open: true, (http, request, _) => access.Login(http, request));
        Post("/api/logout", WebJson.Default.LogoutRequest, WebJson.Default.AccessView, open: true, (http, _, _) => access.Logout(http));
        Post("/api/reviews", WebJson.Default.ReviewRequest, WebJson.Default.ReviewView, open: false, (_, request, name) => ReviewView.Of(agent.Reviews.Add(request, name!)));
        Post("/api/stations/{name}/model", WebJson.Default.ModelRequest, WebJson.Default.RunningView, open: false, (http, request, name) => models.Change(http, request, name!));

        void Get(string path, RequestDelegate answer) => app.MapGet(path, http => GuardAsync(http, answer, StatusCodes.Status503ServiceUnavailable));

        // A change is not begun twice by a reader who gives up: it runs to its end.
        void Post<TRequest, TAnswer>(string path, JsonTypeInfo<TRequest> request, JsonTypeInfo<TAnswer> answer, bool open, Func<HttpContext, TRequest, string?, TAnswer?> change) =>
            app.MapPost(path, http => GuardAsync(http, async http =>
            {
                if (AccessControl.WhyForeign(http.Request) is { } why) throw new AccessException(StatusCodes.Status403Forbidden, why);
                string? name = open ? null : access.NameOf(http) ?? throw new AccessException(StatusCodes.Status401Unauthorized, "Who are you? Log in on the page, or send a token (Authorization: Bearer …).");
                TRequest body = await ReadAsync(http, request).ConfigureAwait(false);
                TAnswer? result = await Task.Run(() => change(http, body, name)).ConfigureAwait(false);
                await WriteJsonAsync(http, result!, answer).ConfigureAwait(false);
            }, StatusCodes.Status409Conflict));

        async Task GuardAsync(HttpContext http, RequestDelegate answer, int impossible)
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
            catch (AccessException e) when (!http.Response.HasStarted)
            {
                await WriteErrorAsync(http, e.Status, e.Message).ConfigureAwait(false);
            }
            catch (EdgeException e) when (!http.Response.HasStarted)
            {
                await WriteErrorAsync(http, impossible, e.Message).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested || app.Lifetime.ApplicationStopping.IsCancellationRequested) { }
        }
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

    private static async Task<T> ReadAsync<T>(HttpContext http, JsonTypeInfo<T> type)
    {
        byte[] body = new byte[LargestBody + 1];
        int length = await http.Request.Body.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, http.RequestAborted).ConfigureAwait(false);
        if (length > LargestBody) throw new AccessException(StatusCodes.Status413PayloadTooLarge, $"More than {LargestBody} bytes.");
        try
        {
            return JsonSerializer.Deserialize(body.AsSpan(0, length), type) ?? throw new JsonException("null");
        }
        catch (JsonException e)
        {
            throw new AccessException(StatusCodes.Status400BadRequest, $"This is not what was expected: {e.Message}");
        }
    }
}
