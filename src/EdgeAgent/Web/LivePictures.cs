using Edge.Agent.Inspection;

namespace Edge.Agent.Web;

/// <summary>The last part of a station; asking for it keeps the pictures coming for a while.</summary>
internal sealed class LivePictures(IReadOnlyList<Station> stations)
{
    public async Task WriteAsync(HttpContext http)
    {
        Station? station = stations.FirstOrDefault(s => s.Name.Equals((string?)http.Request.RouteValues["name"], StringComparison.Ordinal));
        station?.Evidence.Watch();
        if (station?.HeatmapLoop.Live is not { } picture)
        {
            await OperatorPage.WriteErrorAsync(http, StatusCodes.Status404NotFound, station is null ? "There is no such station." : "There is no picture yet.").ConfigureAwait(false);
            return;
        }
        http.Response.ContentType = "image/jpeg";
        await http.Response.Body.WriteAsync(http.Request.Query["heatmap"] == "0" ? picture.Plain : picture.Heatmap, http.RequestAborted).ConfigureAwait(false);
    }
}
