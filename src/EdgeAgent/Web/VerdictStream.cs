using System.Text.Json;
using Edge.Agent.Inspection;
using Edge.Agent.Messaging;

namespace Edge.Agent.Web;

/// <summary>
/// Verdicts and stations as server-sent events. Each client reads the stations' rings at its own pace: there is no queue to fill, and one
/// that is too slow is told how many verdicts it has missed.
/// </summary>
internal sealed class VerdictStream(IReadOnlyList<Station> stations, string line, TimeProvider time, Func<CancellationToken> stopping)
{
    private const int MaxClients = 32, StationsEvery = 10;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private int clients;
    private long dropped;

    public int Clients => Volatile.Read(ref clients);

    /// <summary>Verdicts that slow clients have missed.</summary>
    public long Dropped => Interlocked.Read(ref dropped);

    public async Task WriteAsync(HttpContext http)
    {
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, stopping());
        try
        {
            if (Interlocked.Increment(ref clients) > MaxClients)
                await OperatorPage.WriteErrorAsync(http, StatusCodes.Status503ServiceUnavailable, $"{MaxClients} pages are open already.").ConfigureAwait(false);
            else
                await FollowAsync(http.Response, end.Token).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref clients);
        }
    }

    private async Task FollowAsync(HttpResponse response, CancellationToken end)
    {
        response.ContentType = "text/event-stream";
        using VerdictWriter json = new(time);
        long[] after = [.. stations.Select(s => s.Ledger.Recent.Count)];
        for (int round = 0; ; round++)
        {
            if (round % StationsEvery == 0)
                await SendAsync(response, "stations", JsonSerializer.SerializeToUtf8Bytes([.. stations.Select(StationView.Of)], WebJson.Default.IReadOnlyListStationView), end).ConfigureAwait(false);
            for (int i = 0; i < stations.Count; i++) after[i] = await SendNewAsync(response, json, stations[i], after[i], end).ConfigureAwait(false);
            await response.Body.FlushAsync(end).ConfigureAwait(false);
            await Task.Delay(Pause, time, end).ConfigureAwait(false);
        }
    }

    /// <returns>Number of the last one that was sent or missed.</returns>
    private async Task<long> SendNewAsync(HttpResponse response, VerdictWriter json, Station station, long after, CancellationToken end)
    {
        long missed = 0;
        while (station.Ledger.Recent.Next(ref after, ref missed) is { } job)
        {
            InspectionResult result = job.Result!;
            DateTimeOffset decidedAt = time.GetUtcNow() - time.GetElapsedTime(result.DecidedAt);
            await SendAsync(response, "verdict", json.Write(job, result, line, station.Name, decidedAt), end).ConfigureAwait(false);
        }
        if (missed > 0)
        {
            Interlocked.Add(ref dropped, missed);
            await SendAsync(response, "dropped", JsonSerializer.SerializeToUtf8Bytes(missed, WebJson.Default.Int64), end).ConfigureAwait(false);
        }
        return after;
    }

    /// <param name="data">JSON on one line: a line break in a text is escaped in it.</param>
    private static async Task SendAsync(HttpResponse response, string name, ReadOnlyMemory<byte> data, CancellationToken end)
    {
        await response.WriteAsync($"event: {name}\ndata: ", end).ConfigureAwait(false);
        await response.Body.WriteAsync(data, end).ConfigureAwait(false);
        await response.WriteAsync("\n\n", end).ConfigureAwait(false);
    }
}
