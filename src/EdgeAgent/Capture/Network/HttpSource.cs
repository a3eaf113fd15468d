using System.Net;
using Edge.Agent.Configuration;
using Edge.Imaging;
using Polly;
using Polly.Retry;

namespace Edge.Agent.Capture.Network;

/// <summary>A camera that gives a picture for each HTTP request: one request a part. Basic and digest authentication.</summary>
internal sealed class HttpSource : IFrameSource
{
    /// <summary>More is no picture of a part.</summary>
    private const int LargestBytes = 64 << 20;

    /// <summary>Between two looks at a camera that nobody asks for a picture.</summary>
    private static readonly TimeSpan CheckPause = TimeSpan.FromSeconds(2);

    private readonly SourceOptions options;
    private readonly TimeProvider time;
    private readonly ResiliencePipeline pipeline;
    private readonly Body body = new(), unseen = new();
    private HttpClient? client;
    private (Task Request, CancellationTokenSource Stop)? look;
    private long answeredAt;

    /// <summary>Of an answer. Reused.</summary>
    private sealed class Body
    {
        public byte[] Bytes = new byte[1 << 16];
        public int Length;
    }

    public HttpSource(SourceOptions options, TimeProvider time)
    {
        (this.options, this.time) = (options, time);
        // One more attempt: a camera closes idle connections when it likes.
        pipeline = new ResiliencePipelineBuilder { TimeProvider = time }
            .AddTimeout(TimeSpan.FromMilliseconds(options.TimeoutMs * 0.9))   // before the camera counts as stalled
            .AddRetry(new RetryStrategyOptions { MaxRetryAttempts = 1, Delay = TimeSpan.Zero, ShouldHandle = new PredicateBuilder().Handle<HttpRequestException>().Handle<IOException>() })
            .Build();
    }

    public bool IsLive => true;

    /// <exception cref="EdgeException">There is no picture to be had, and why.</exception>
    public void Open()
    {
        look?.Stop.Cancel();
        client?.Dispose();
        CameraLogin? login = CameraLogin.Read(options.CredentialsFile);
        HttpClientHandler handler = new() { AllowAutoRedirect = false, UseProxy = false };
        if (login is not null) handler.Credentials = new CredentialCache { { new Uri(options.Url!), "Basic", Credential(login) }, { new Uri(options.Url!), "Digest", Credential(login) } };
        client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        ImageFile.Decode(Fetch(), options.Url!, new ImageBuffer());
    }

    private static NetworkCredential Credential(CameraLogin login) => new(login.User, login.Password);

    /// <summary>A picture is asked for beside the loop and thrown away; whether it came is seen at a later call. A part does not wait for it.</summary>
    public void Check()
    {
        if (look is { Request.IsCompleted: false }) return;
        if (look is { } done)
        {
            bool gaveWay = done.Stop.IsCancellationRequested;
            (look, answeredAt) = (null, time.GetTimestamp());
            done.Stop.Dispose();
            if (gaveWay) _ = done.Request.Exception;   // what a part has interrupted says nothing
            else Told(() => done.Request.GetAwaiter().GetResult());
        }
        else if (client is { } now && time.GetElapsedTime(answeredAt) >= CheckPause)
        {
            CancellationTokenSource stop = new();
            look = (Task.Run(() => pipeline.Execute(cancel => Request(now, unseen, cancel), stop.Token), CancellationToken.None), stop);
        }
    }

    public Grab Grab(Frame into, TimeSpan wait)
    {
        look?.Stop.Cancel();   // some cameras answer one request at a time
        ReadOnlySpan<byte> picture = Fetch();
        try
        {
            ImageFile.Decode(picture, options.Url!, into.Image);
            return Capture.Grab.Frame;
        }
        catch (EdgeException)
        {
            return Capture.Grab.Unreadable;
        }
    }

    private ReadOnlySpan<byte> Fetch()
    {
        Told(() => pipeline.Execute(cancel => Request(client!, body, cancel), CancellationToken.None));
        answeredAt = time.GetTimestamp();
        return body.Bytes.AsSpan(0, body.Length);
    }

    private void Told(Action request)
    {
        try
        {
            request();
        }
        catch (HttpRequestException e)
        {
            throw new CameraException(CameraCause.Unreachable, $"The camera {options.Url} cannot be reached: {e.Message}", e);
        }
        catch (Polly.Timeout.TimeoutRejectedException e)
        {
            throw new CameraException(CameraCause.Silent, $"The camera {options.Url} does not answer within {options.TimeoutMs * 0.9:F0} ms.", e);
        }
    }

    private void Request(HttpClient client, Body into, CancellationToken stop)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, options.Url);
        using HttpResponseMessage response = client.Send(request, HttpCompletionOption.ResponseHeadersRead, stop);
        if (response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
            throw new CameraException(CameraCause.Credentials, $"The camera {options.Url} refuses user and password (Source:CredentialsFile).");
        if (response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone)
            throw new CameraException(CameraCause.NotFound, $"The camera {options.Url} has no such picture (Source:Url).");
        if (!response.IsSuccessStatusCode) throw new CameraException(CameraCause.Other, $"The camera {options.Url} answers {(int)response.StatusCode} {response.ReasonPhrase}.");
        if (response.Content.Headers.ContentLength > LargestBytes) throw TooLarge();
        using Stream stream = response.Content.ReadAsStream(stop);
        using CancellationTokenRegistration abort = stop.Register(stream.Dispose);   // a body that stops in the middle
        into.Length = 0;
        try
        {
            while (stream.Read(into.Bytes, into.Length, into.Bytes.Length - into.Length) is > 0 and var read)
            {
                into.Length += read;
                if (into.Length < into.Bytes.Length) continue;
                if (into.Length >= LargestBytes) throw TooLarge();
                Array.Resize(ref into.Bytes, Math.Min(2 * into.Bytes.Length, LargestBytes));
            }
        }
        catch (Exception e) when (stop.IsCancellationRequested && e is IOException or ObjectDisposedException)
        {
            throw new OperationCanceledException("the body stopped", e, stop);
        }
    }

    private CameraException TooLarge() => new(CameraCause.Codec, $"The camera {options.Url} sends more than {LargestBytes >> 20} MB: no picture.");

    public void Dispose()
    {
        look?.Stop.Cancel();
        client?.Dispose();
    }
}
