using System.Text.Json;
using System.Text.Json.Serialization;
using Edge.Agent.Configuration;
using Edge.Agent.Inspection;
using Edge.Agent.Models;
using Edge.Imaging;
using Edge.Packages;
using Edge.Scoring;

namespace Edge.Agent.Drift;

/// <summary>
/// Watches a station's scores for drift, model by model: a recipe that comes back goes on where it was, another version begins anew. Kept on the disk. Reject streaks too.
/// Observed by the inspection thread, read from any.
/// </summary>
internal sealed partial class StationDrift(DriftOptions options, StateFile file, TimeProvider time, ILogger log)
{
    private const int BandPixels = 65_536;   // of the picture are looked at, in its middle: constant work whatever the size

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(30);

    private readonly Lock gate = new();
    private readonly Dictionary<string, DriftMonitor> monitors = [];   // by the model's name: as many as recipes name
    private readonly float[] luma = new float[BandPixels];
    private Dictionary<string, MonitorState>? kept;
    private DriftMonitor? running;
    private long rejectStreak, flags;
    private bool streaking;

    /// <summary>Raised on the inspection thread when there is news for <see cref="Now"/>.</summary>
    public event Action? Changed;

    /// <summary>Rejected parts in a row until now.</summary>
    public long RejectStreak => Interlocked.Read(ref rejectStreak);

    /// <summary>Times that drift was flagged.</summary>
    public long Flags => Interlocked.Read(ref flags);

    /// <summary>Of the model that runs; null before its first part, or when drift is not watched.</summary>
    public DriftReport? Now
    {
        get
        {
            lock (gate)
            {
                return running is null ? null : new DriftReport(running.Model.Name, running.Model.Version, running.CanTell, running.Cause, running.Direction, running.Since, running.Parts,
                    running.Model.Calibration.Normals.Count, Log10(running.ScoreEvidence), Log10(running.BrightnessEvidence), Log10(running.SharpnessEvidence), streaking ? RejectStreak : 0);
            }
        }
    }

    /// <summary>A part that went through the model, whose input still holds its picture.</summary>
    public void Observe(LoadedModel model, Verdict verdict, float score)
    {
        if (!options.Enabled || verdict == Verdict.Uninspected) return;
        bool news;
        lock (gate)
        {
            news = running?.Model != model.Manifest;
            if (news) running = MonitorOf(model.Manifest);
            AnomalyDetector detector = model.Detector;
            int rows = Math.Min(detector.Height, BandPixels / detector.Width);
            PictureQuality? picture = rows < 3 ? null : PictureQuality.Of(detector.Input.Slice((detector.Height - rows) / 2 * detector.Width * 3, rows * detector.Width * 3), detector.Width, rows, luma);
            if (running!.Observe(verdict, score, picture, time.GetUtcNow()))
            {
                news = true;
                if (running.Cause == DriftCause.None) LogOver(model.Name, model.Version);
                else
                {
                    Interlocked.Increment(ref flags);
                    LogDrift(running.Direction.Wire(), running.Cause.Wire(), model.Name, model.Version, running.Parts);
                }
            }
        }
        Interlocked.Exchange(ref rejectStreak, verdict == Verdict.Reject ? rejectStreak + 1 : 0);
        bool streak = options.RejectStreak > 0 && rejectStreak >= options.RejectStreak;
        if (streak != streaking)
        {
            (streaking, news) = (streak, true);
            if (streak) LogStreak(rejectStreak);
        }
        if (news) Changed?.Invoke();
    }

    /// <summary>Writes down what has been learnt, every half minute and at the end.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using PeriodicTimer timer = new(Period, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stop).ConfigureAwait(false)) Save();
        }
        finally
        {
            Save();
        }
    }

    private DriftMonitor MonitorOf(Manifest model)
    {
        if (monitors.TryGetValue(model.Name, out DriftMonitor? monitor) && monitor.Model == model) return monitor;
        MonitorState? before = monitor?.State ?? Kept().GetValueOrDefault(model.Name);   // taken up when it is of the same graph and threshold
        return monitors[model.Name] = new DriftMonitor(model, options.FalseAlarmParts, before);
    }

    /// <summary>What can't be read is learnt again: it is worth no stop.</summary>
    private Dictionary<string, MonitorState> Kept()
    {
        try
        {
            return kept ??= file.Read() is { } json ? JsonSerializer.Deserialize(json, DriftJson.Default.DictionaryStringMonitorState) ?? [] : [];
        }
        catch (Exception e) when (e is EdgeException or JsonException)
        {
            LogUnread(e.Message);
            return kept = [];
        }
    }

    private void Save()
    {
        Dictionary<string, MonitorState> all;
        lock (gate)
        {
            if (monitors.Count == 0) return;
            all = new(Kept());
            foreach ((string name, DriftMonitor monitor) in monitors) all[name] = monitor.State;
        }
        try
        {
            file.Write(JsonSerializer.Serialize(all, DriftJson.Default.DictionaryStringMonitorState));
        }
        catch (EdgeException e)
        {
            LogUnwritten(e.Message);
        }
    }

    private static double Log10(double evidence) => Math.Max(-1, Math.Log10(evidence));

    [LoggerMessage(Level = LogLevel.Warning, Message = "drift: accepted parts' scores are {Direction} than those the model was calibrated with ({Cause}); model {Name} version {Version}, after {Parts} accepted parts")]
    private partial void LogDrift(string direction, string cause, string name, int version, long parts);

    [LoggerMessage(Level = LogLevel.Information, Message = "drift is over; model {Name} version {Version}")]
    private partial void LogOver(string name, int version);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} parts in a row were rejected")]
    private partial void LogStreak(long count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "what was learnt about drift is lost, it begins anew: {Why}")]
    private partial void LogUnread(string why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "what is learnt about drift would be lost with a restart: {Why}")]
    private partial void LogUnwritten(string why);
}

/// <summary>Drift of the running model at one moment. Evidence as its logarithm to base 10, -1 at least.</summary>
internal sealed record DriftReport(
    string Model, int Version, bool CanTell, DriftCause Cause, Direction Direction, DateTimeOffset? Since, long Parts, int Calibration, double Score, double Brightness, double Sharpness, long RejectStreak);

[JsonSourceGenerationOptions(UseStringEnumConverter = true, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(Dictionary<string, MonitorState>))]
internal sealed partial class DriftJson : JsonSerializerContext;
