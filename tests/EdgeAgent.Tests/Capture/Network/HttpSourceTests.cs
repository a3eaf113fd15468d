using System.Net;
using System.Text;
using Edge.Agent.Capture;
using Edge.Agent.Capture.Network;
using Edge.Agent.Configuration;
using Edge.Tests.Support;
using Xunit;

namespace Edge.Tests.Capture.Network;

/// <summary>Against a real HTTP server that does what the path says.</summary>
public sealed class HttpSourceTests : IDisposable
{
    private readonly HttpListener server = new();
    private readonly int port = Ports.Free();
    private readonly TempFolder folder = new();
    private readonly TaskCompletionSource ended = new();
    private int requests, holding;
    private volatile bool broken;
    private volatile TaskCompletionSource? held;

    public HttpSourceTests()
    {
        server.Prefixes.Add($"http://127.0.0.1:{port}/");
        server.Start();
        _ = ServeAsync();
    }

    [Fact]
    public void Each_part_is_one_request()
    {
        using HttpSource source = Source("picture");
        source.Open();
        Frame frame = new();
        int before = requests;
        Assert.Equal(Grab.Frame, source.Grab(frame, TimeSpan.Zero));
        byte first = frame.Image.Pixels[0];
        Assert.Equal(Grab.Frame, source.Grab(frame, TimeSpan.Zero));
        Assert.Equal((2, first + 1), (requests - before, frame.Image.Pixels[0]));
    }

    [Fact]
    public void The_password_comes_from_a_file()
    {
        File.WriteAllText(folder["login"], "cam:s3cret\n");
        using HttpSource source = Source("private", folder["login"]);
        source.Open();
        Assert.Equal(Grab.Frame, source.Grab(new Frame(), TimeSpan.Zero));
    }

    [Theory]
    [InlineData("private", "Credentials", "refuses user and password")]
    [InlineData("missing", "NotFound", "has no such picture")]
    [InlineData("broken", "Other", "answers 500")]
    [InlineData("large", "Codec", "more than 64 MB")]
    [InlineData("endless", "Codec", "more than 64 MB")]
    [InlineData("stuck", "Silent", "does not answer within")]
    [InlineData("nobody", "Unreachable", "cannot be reached")]
    public void What_is_wrong_is_told(string path, string cause, string words)
    {
        if (path == "nobody") server.Stop();
        using HttpSource source = Source(path);
        CameraException e = Assert.Throws<CameraException>(source.Open);
        Assert.Equal(cause, $"{e.Cause}");
        Assert.Contains(words, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_answer_that_is_no_picture_is_unreadable()
    {
        using HttpSource source = Source("once");
        source.Open();
        Assert.Equal(Grab.Unreadable, source.Grab(new Frame(), TimeSpan.Zero));
    }

    [Fact]
    public async Task A_camera_that_dies_between_two_parts_is_a_state_and_so_is_its_return()
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using Plc plc = await Plc.ConnectAsync(broker);
        await using TestAgent agent = new(broker);
        agent.StationOptions.Source = new SourceOptions { Kind = SourceKind.Http, Url = $"http://127.0.0.1:{port}/picture", ReconnectMs = 100 };
        await agent.StartWithModelAsync();
        await plc.HearAsync("status", h => h["ready"] == "true");
        broken = true;
        await plc.HearAsync("status", h => h["notReady"] == "camera" && h["cameraTrouble"]?.Contains("answers 500", StringComparison.Ordinal) == true);
        Assert.Equal(0, agent.Station.Ledger.Triggers);   // nobody had to lose a part for it
        plc.Forget();
        broken = false;
        await plc.HearAsync("status", h => h["ready"] == "true");
        await plc.TriggerAsync("1");
        Assert.NotEqual("uninspected", (await plc.VerdictAsync("1"))["verdict"]);
    }

    [Fact]
    public void A_part_does_not_wait_for_a_look_at_the_camera()
    {
        Microsoft.Extensions.Time.Testing.FakeTimeProvider time = new();
        using HttpSource source = new(new SourceOptions { Kind = SourceKind.Http, Url = $"http://127.0.0.1:{port}/held" }, time);
        source.Open();
        time.Advance(TimeSpan.FromSeconds(3));
        held = new TaskCompletionSource();
        source.Check();
        SpinWait.SpinUntil(() => Volatile.Read(ref holding) == 1);   // the look has arrived and is not answered
        TaskCompletionSource lookIsHeld = held;
        held = null;
        Assert.Equal(Grab.Frame, source.Grab(new Frame(), TimeSpan.Zero));
        lookIsHeld.SetResult();
        for (int i = 0; i < 3; i++) source.Check();   // what the part has interrupted is no trouble
        Assert.Equal(Grab.Frame, source.Grab(new Frame(), TimeSpan.Zero));
    }

    private HttpSource Source(string path, string? login = null) =>
        new(new SourceOptions { Kind = SourceKind.Http, Url = $"http://127.0.0.1:{port}/{path}", CredentialsFile = login, TimeoutMs = path == "stuck" ? 500 : 5000 }, TimeProvider.System);

    private async Task ServeAsync()
    {
        try
        {
            while (true) _ = AnswerAsync(await server.GetContextAsync());
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException) { }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        int number = Interlocked.Increment(ref requests);
        HttpListenerResponse answer = context.Response;
        byte[] picture = Pictures.Png((byte)(40 + number));
        try
        {
            switch (context.Request.Url!.AbsolutePath)
            {
                case "/private" when context.Request.Headers["Authorization"] != $"Basic {Convert.ToBase64String("cam:s3cret"u8)}":
                    answer.StatusCode = 401;
                    answer.AddHeader("WWW-Authenticate", "Basic realm=\"camera\"");
                    break;
                case "/picture" when broken: answer.StatusCode = 500; break;
                case "/held" when held is { } hold: Volatile.Write(ref holding, 1); await hold.Task; goto default;
                case "/missing": answer.StatusCode = 404; break;
                case "/broken": answer.StatusCode = 500; break;
                case "/large": answer.ContentLength64 = 100 << 20; await answer.OutputStream.WriteAsync(picture); break;
                case "/endless":
                    answer.SendChunked = true;
                    for (int i = 0; i < 100; i++) await answer.OutputStream.WriteAsync(new byte[1 << 20]);
                    break;
                case "/stuck": await answer.OutputStream.WriteAsync(picture.AsMemory(0, 10)); await ended.Task; break;
                case "/once" when number > 1: await answer.OutputStream.WriteAsync(Encoding.UTF8.GetBytes("<html>")); break;
                default: await answer.OutputStream.WriteAsync(picture); break;
            }
            answer.Close();
        }
        catch (Exception e) when (e is HttpListenerException or IOException or InvalidOperationException) { }   // the client has gone
    }

    public void Dispose()
    {
        ended.SetResult();
        server.Close();
        folder.Dispose();
    }
}
