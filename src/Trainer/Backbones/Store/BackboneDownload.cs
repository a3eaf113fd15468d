using System.Net;
using System.Net.Http.Headers;
using Edge.Training.Cli;
using Polly;
using Polly.Retry;

namespace Edge.Training.Backbones.Store;

/// <summary>
/// Fetches a file into a part beside it, and goes on from there when the connection breaks, in this run or a later one. What does not get better by trying again (404) is
/// not tried again.
/// </summary>
/// <param name="address">Instead of the publisher's; for a mirror.</param>
/// <param name="delay">Before the second attempt; then twice as long each time.</param>
internal sealed class BackboneDownload(HttpClient client, Terminal terminal, TimeProvider time, Uri? address = null, TimeSpan? delay = null)
{
    private const int Attempts = 5;
    private const long LargestFile = 1L << 30;
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(30);   // without a byte

    /// <summary>Without a proxy's or a server's patience: the time without a byte is limited here.</summary>
    public static HttpClient CreateClient() => new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(15) }) { Timeout = Timeout.InfiniteTimeSpan };

    /// <exception cref="EdgeException">It can't be had; the message says how to do without a network.</exception>
    public async Task RunAsync(KnownBackbone known, string part, CancellationToken cancellation)
    {
        Uri from = address ?? known.Url;
        ResiliencePipeline pipeline = new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions
            {
                MaxRetryAttempts = Attempts - 1,
                BackoffType = DelayBackoffType.Exponential,
                Delay = delay ?? TimeSpan.FromSeconds(2),
                ShouldHandle = new PredicateBuilder().Handle<HttpRequestException>(IsPassing).Handle<HttpIOException>().Handle<TimeoutException>(),
                OnRetry = retry =>
                {
                    terminal.Warn($"{from}: {retry.Outcome.Exception?.Message} Trying again.");
                    return default;
                },
            })
            .Build();
        try
        {
            await pipeline.ExecuteAsync(async ct => await AttemptAsync(from, known, part, ct).ConfigureAwait(false), cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is HttpRequestException or HttpIOException or TimeoutException)
        {
            throw new EdgeException($"{from} cannot be fetched: {e.Message} {BackboneStore.HowToGet(known)}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            File.Delete(part);
            throw new EdgeException($"Cannot write {part}: {e.Message} Nothing was added.", e);
        }
    }

    // A name that does not resolve: most likely there is no network at all.
    private static bool IsPassing(HttpRequestException e) => e.HttpRequestError != HttpRequestError.NameResolutionError && (e.StatusCode is null or HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError);

    private async Task AttemptAsync(Uri from, KnownBackbone known, string part, CancellationToken cancellation)
    {
        long have = File.Exists(part) ? new FileInfo(part).Length : 0;
        using HttpRequestMessage request = new(HttpMethod.Get, from);
        if (have > 0) request.Headers.Range = new RangeHeaderValue(have, null);
        using HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation).ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable) return;   // the part is whole, or wrong: its hash tells
        response.EnsureSuccessStatusCode();
        bool resumed = response.StatusCode == HttpStatusCode.PartialContent && response.Content.Headers.ContentRange?.From == have;
        if (!resumed) have = 0;
        long? length = response.Content.Headers.ContentLength + have ?? known.Bytes;
        if (length > LargestFile) throw new EdgeException($"{from} has {length} bytes; more than {LargestFile} is refused.");
        Stream body = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        await using (body.ConfigureAwait(false))
        {
            FileStream file = new(part, resumed ? FileMode.Append : FileMode.Create, FileAccess.Write);
            await using (file.ConfigureAwait(false))
                terminal.Progress($"fetching {known.File}", progress => Copy(body, file, have, length, progress, cancellation));
        }
    }

    private static long Copy(Stream body, FileStream file, long have, long? length, Progress progress, CancellationToken cancellation)
    {
        byte[] buffer = new byte[1 << 16];
        while (true)
        {
            using CancellationTokenSource silence = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            silence.CancelAfter(Silence);
            int read;
            try
            {
                // The bar owns this thread, so the read is waited for.
                read = body.ReadAsync(buffer, silence.Token).AsTask().GetAwaiter().GetResult();
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                throw new TimeoutException($"No byte came for {Silence.TotalSeconds:0} s.");
            }
            catch (IOException e) when (e is not HttpIOException)
            {
                throw new HttpRequestException(e.Message, e);   // the socket's, not the disk's
            }
            if (read == 0) return have;
            if ((have += read) > LargestFile) throw new EdgeException($"The file does not end; more than {LargestFile} bytes are refused.");
            file.Write(buffer, 0, read);
            if (length > 0) progress.Report((double)have / length.Value);
        }
    }
}
