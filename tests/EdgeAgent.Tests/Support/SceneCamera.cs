using System.Collections.Concurrent;
using System.Net;
using Edge.Agent.Configuration;

namespace Edge.Tests.Support;

/// <summary>An HTTP camera: its picture is as bright as the scene is when it is asked for, and comes when the test lets it.</summary>
internal sealed class SceneCamera : IDisposable
{
    private readonly HttpListener server = new();
    private readonly int port = Ports.Free();
    private readonly ConcurrentQueue<TaskCompletionSource> held = new();
    private volatile int scene;
    private int asked;

    public SceneCamera(int brightness)
    {
        scene = brightness;
        server.Prefixes.Add($"http://127.0.0.1:{port}/");
        server.Start();
        _ = ServeAsync();
    }

    public SourceOptions Source => new() { Kind = SourceKind.Http, Url = $"http://127.0.0.1:{port}/", ReconnectMs = 100, TimeoutMs = 60_000 };

    public int Scene { set => scene = value; }

    /// <summary>Pictures that were asked for.</summary>
    public int Asked => Volatile.Read(ref asked);

    /// <summary>The next picture is exposed at once and comes when the result is set.</summary>
    public TaskCompletionSource HoldNext()
    {
        TaskCompletionSource comes = new();
        held.Enqueue(comes);
        return comes;
    }

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
        byte[] picture = Pictures.Png((byte)scene);
        bool holds = held.TryDequeue(out TaskCompletionSource? comes);
        Interlocked.Increment(ref asked);
        if (holds) await comes!.Task;
        try
        {
            context.Response.Close(picture, willBlock: false);
        }
        catch (Exception e) when (e is HttpListenerException or IOException or InvalidOperationException) { }   // the client has gone
    }

    public void Dispose()
    {
        while (held.TryDequeue(out TaskCompletionSource? comes)) comes.TrySetResult();
        server.Close();
    }
}
