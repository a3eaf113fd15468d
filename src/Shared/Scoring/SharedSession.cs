using Microsoft.ML.OnnxRuntime;

namespace Edge.Scoring;

/// <summary>
/// An ONNX Runtime session that several detectors run on, also at the same time (its Run is thread-safe): weights and memory bank lie in memory once. Known by the graph's
/// hash, opened by the first who takes it and closed by the last who returns it.
/// </summary>
internal sealed class SharedSession : IDisposable
{
    private static readonly Dictionary<(string Sha256, int Threads), SharedSession> Open = [];

    private readonly (string Sha256, int Threads)? key;
    private readonly Lazy<InferenceSession> session;
    private int users;

    private SharedSession((string, int)? key, Func<InferenceSession> load) => (this.key, session) = (key, new(load));

    public InferenceSession Session => session.Value;

    /// <param name="sha256">Of the graph's file, which was verified; null = nobody else's.</param>
    /// <exception cref="OnnxRuntimeException">It can't be loaded.</exception>
    public static SharedSession Take(string? sha256, int threads, Func<InferenceSession> load)
    {
        (string, int)? key = sha256 is null ? null : (sha256, threads);
        SharedSession? taken;
        lock (Open)
        {
            if (key is null || !Open.TryGetValue(key.Value, out taken)) taken = new(key, load);
            if (key is not null) Open[key.Value] = taken;
            taken.users++;
        }
        try
        {
            _ = taken.Session;   // outside the lock: other graphs load meanwhile, whoever wants this one waits
            return taken;
        }
        catch
        {
            taken.Dispose();
            throw;
        }
    }

    /// <summary>Of how many detectors it is now; 0 = it is not open.</summary>
    public static int UsersOf(string sha256, int threads)
    {
        lock (Open) return Open.TryGetValue((sha256, threads), out SharedSession? open) ? open.users : 0;
    }

    /// <summary>Returns it, once for each <see cref="Take"/>.</summary>
    public void Dispose()
    {
        lock (Open)
        {
            if (--users > 0) return;
            if (key is { } known) Open.Remove(known);
        }
        if (session.IsValueCreated) session.Value.Dispose();
    }
}
