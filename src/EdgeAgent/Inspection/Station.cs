using Edge.Agent.Archive;
using Edge.Agent.Capture;
using Edge.Agent.Capture.Health;
using Edge.Agent.Configuration;
using Edge.Agent.Diagnostics;
using Edge.Agent.Drift;
using Edge.Agent.Journal;
using Edge.Agent.Messaging;
using Edge.Agent.Models;
using Edge.Agent.Shadow;
using Edge.Packages;
using MQTTnet;

namespace Edge.Agent.Inspection;

/// <summary>
/// One camera, one model, one loop: three threads (capture, inspection, heatmaps) that block in native code, and tasks for the
/// network and the model folder. Everything between them is bounded.
/// </summary>
internal sealed partial class Station : IAsyncDisposable
{
    /// <summary>How long a stopping agent tries to get its last verdicts to the broker, and waits for a hanging thread.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource stopping = new(), aborting = new();
    private readonly LoopThread[] threads;
    private readonly StatusPublisher? status;
    private readonly AcquiredPublisher? acquired;
    private readonly CommandLoop<CommandMessage>? commands;
    private readonly JournalWriter? journal;
    private readonly InvalidTriggers invalid;
    private readonly ILogger log;
    private readonly Action<string, Exception> failed;
    private readonly List<Task> tasks = [];
    private Task publishing = Task.CompletedTask;
    private Task? stopped;

    public Station(
        string name, AgentOptions agent, ModelProof proof, CanaryVotes votes, AgentMetrics metrics, JournalWriter? journal, ArchiveWriter? archive, TimeProvider time, ILoggerFactory logs, Action<string, Exception> failed)
    {
        (Name, Options, this.journal, this.failed) = (name, agent.Stations[name], journal, failed);
        log = logs.CreateLogger($"{agent.Line}/{name}");
        Topics topics = new(agent.Line, name);
        StationMetrics stationMetrics = new(metrics, name);
        ModelSlot slot = new();
        Recipes = new RecipeBook(name, Options, agent.State);
        Ledger = new Ledger(agent.Mqtt.VerdictQueueCapacity, time, (job, result) =>
        {
            journal?.Offer(name, job, result);
            if (ReferenceEquals(job.Result, result)) Probation!.Add(result);   // a late one was counted at its deadline
        }) { Recipes = Recipes };
        Queues = new StationQueues(Options.QueueCapacity);
        Evidence = new EvidenceQueue(Options.Heatmaps, time);
        Camera = new Camera(FrameSources.Create(Options.Source, Options.Trigger.Mode, time), Options.Source, CameraHealth.Create(Options.Health), () => Recipes.Current.Camera, time, log);
        Inspector = new Inspector(slot, time, log);
        PackageStore store = new(agent.Models) { TrustedKeysFile = agent.TrustedKeys };
        ModelLoader loader = new(store, proof, Options.Threads, time);
        Watcher = new ModelWatcher(name, store, loader, Recipes, slot, time, log);
        Shadow = new StationShadow(agent.Shadow, name, store, loader, Recipes, Watcher, time, log);
        Drift = new StationDrift(Options.Drift, new StateFile(agent.State, $"{name}.drift"), time, log);
        Intake = new TriggerIntake(new StateFile(agent.State, $"{name}.paused"), TimeSpan.FromMilliseconds(Options.Trigger.DebounceMs), Camera, Ledger, Queues, time, stopping.Token);
        invalid = new InvalidTriggers(time, log);
        Probation = new Probation(agent.Probation, $"{agent.Line}/{name}", Ledger, Inspector, Watcher, votes, new StateFile(agent.State, $"{name}.probation"), log);
        Probation.Follow();
        if (journal is not null) new ModelJournal(name, journal, Inspector, Watcher, Shadow).Follow();
        SelfTest = new SelfTest(name, Watcher, journal, log);
        if (agent.Mqtt.Enabled)
        {
            commands = new CommandLoop<CommandMessage>(topics.Responses, new StationCommands(Recipes, Watcher, Shadow, SelfTest, Intake, $"{agent.Line}/{name}", () => status!.Touch()), time, log);
            Dictionary<string, Action<MqttApplicationMessage, Action>> subscriptions = new() { [topics.Command] = commands.Receive };
            if (Options.Trigger.Mode == TriggerMode.Mqtt) subscriptions[topics.Trigger] = Receive;
            Link = new BrokerLink(agent.Mqtt, BrokerIdentity.WithStatus($"{agent.Mqtt.ClientIdPrefix}-{agent.Line}-{name}", topics.Status) with { Held = agent.Mqtt.HeldTriggers }, subscriptions, time, log);
            TimeSpan heartbeat = agent.Mqtt.HeartbeatSeconds > 0 ? TimeSpan.FromSeconds(agent.Mqtt.HeartbeatSeconds) : Timeout.InfiniteTimeSpan;
            status = new StatusPublisher(Link, topics, Options, Camera, Inspector, Watcher, Shadow, Ledger, Recipes, Drift, NotReady, heartbeat, time);
            acquired = new AcquiredPublisher(Link, topics);
            if (agent.Records.Enabled && journal is not null) Records = new RecordPublisher(agent.Records, Link, topics, Ledger, journal, name, time, log);
            Link.Connected += status.Touch;
            Camera.Changed += status.Touch;
            Watcher.Changed += status.Touch;
            Inspector.Changed += status.Touch;
            Shadow.Changed += status.Touch;
            Drift.Changed += status.Touch;
        }
        Camera.Changed += CloseStalled;
        Presence = Options.Trigger is { Mode: TriggerMode.FreeRunning, Presence.Empty: not null } ? new PresenceDetector(Options.Trigger.Presence) : null;
        Publisher = new VerdictPublisher(Link, topics, Ledger, stationMetrics, time, log, () => journal is not { IsHeldUp: false });
        HeatmapLoop = new HeatmapLoop(Evidence, Link, topics, stopping.Token);
        CaptureLoop capture = new(Options, Camera, Ledger, Queues, job => acquired?.Offer(job), () => Inspector.Model is not null, () => Intake.Paused, Presence, time, stopping.Token);
        InspectionLoop inspection = new(Inspector, Ledger, Queues, Evidence, stationMetrics, Drift, Shadow, time, stopping.Token,
            archive is null ? null : (job, model) => archive.Offer(name, job, model?.Calibration));
        threads =
        [
            new LoopThread($"{name} capture", time, capture.Run, failed),
            new LoopThread($"{name} inspection", time, inspection.Run, failed),
            new LoopThread($"{name} heatmaps", time, HeatmapLoop.Run, failed),
        ];
    }

    public string Name { get; }
    public StationOptions Options { get; }
    public Ledger Ledger { get; }
    public RecipeBook Recipes { get; }

    /// <summary>Null: every frame is a part, or parts are triggered.</summary>
    public PresenceDetector? Presence { get; }
    public StationQueues Queues { get; }
    public EvidenceQueue Evidence { get; }
    public Camera Camera { get; }
    public Inspector Inspector { get; }
    public StationDrift Drift { get; }
    public ModelWatcher Watcher { get; }
    public Probation Probation { get; }
    public SelfTest SelfTest { get; }
    public StationShadow Shadow { get; }
    public TriggerIntake Intake { get; }
    public BrokerLink? Link { get; }
    public VerdictPublisher Publisher { get; }
    public HeatmapLoop HeatmapLoop { get; }

    /// <summary>Null when records are not sent.</summary>
    public RecordPublisher? Records { get; }

    /// <summary>Records that a historian will never have: they did not reach the disk, or were removed from it too early.</summary>
    public long RecordsLost => journal is null ? 0 : journal.LostOf(Name) + journal.RemovedUnsent(Name);

    public long InvalidTriggers => invalid.Count;
    public long InvalidCommands => commands?.Invalid ?? 0;
    public IEnumerable<Heartbeat> Heartbeats => threads.Select(t => t.Heartbeat);
    public StationSnapshot Snapshot() => StationSnapshot.Of(this);

    public void Start()
    {
        Camera.Start();
        foreach (LoopThread thread in threads) thread.Start();
        // Models load while the host starts: hashing and warming up take their time.
        tasks.Add(Guard("model watcher", Task.Run(() => Watcher.RunAsync(stopping.Token))));
        publishing = Guard("verdict publisher", Task.Run(() => Publisher.RunAsync(aborting.Token)));
        tasks.Add(Guard("shadow", Task.Run(() => Shadow.RunAsync(stopping.Token))));
        tasks.Add(Guard("drift", Task.Run(() => Drift.RunAsync(stopping.Token))));
        if (Link is null) return;
        tasks.Add(Guard("broker", Task.Run(ConnectAsync)));
        tasks.Add(Guard("status", Task.Run(() => status!.RunAsync(stopping.Token))));
        tasks.Add(Guard("commands", Task.Run(() => commands!.RunAsync(Link, stopping.Token))));
        tasks.Add(Guard("acquired", Task.Run(() => acquired!.RunAsync(stopping.Token))));
        if (Records is not null) tasks.Add(Guard("records", Task.Run(() => Records.RunAsync(stopping.Token))));
    }

    /// <summary>Parts under way get their verdict, parts that wait get <c>uninspected(shutdown)</c>; then the verdicts are sent, as long as patience lasts.</summary>
    public Task StopAsync() => stopped ??= StopOnceAsync();

    private async Task StopOnceAsync()
    {
        await stopping.CancelAsync().ConfigureAwait(false);
        bool ended = await Task.Run(() => threads.All(t => t.Join(Patience))).ConfigureAwait(false);
        Queues.CloseWaiting(Ledger);
        Ledger.Complete();
        using CancellationTokenSource patience = new(Patience);
        await Task.WhenAny(publishing, Task.Delay(Timeout.Infinite, patience.Token)).ConfigureAwait(false);
        if (status is not null && Link!.IsConnected)
        {
            try
            {
                await status.PublishOfflineAsync(patience.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is EdgeException or OperationCanceledException)
            {
                // The broker sends the will instead.
            }
        }
        await aborting.CancelAsync().ConfigureAwait(false);
        if (Ledger.Outbox.Count + Publisher.Refused is > 0 and int unsent) LogUnsent(unsent);
        await Task.WhenAll([.. tasks, publishing]).ConfigureAwait(false);
        if (Link is not null) await Link.DisposeAsync().ConfigureAwait(false);
        if (!ended) return;   // a thread still hangs inside: what it uses must stay, the process ends anyway
        Camera.Dispose();
        Inspector.Dispose();
    }

    public ValueTask DisposeAsync()
    {
        stopping.Dispose();
        aborting.Dispose();
        Records?.Dispose();
        Shadow.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Why a part that is triggered now would not be inspected; null when it would.</summary>
    public string? NotReady() =>
        Heartbeats.Any(h => !h.IsFresh) ? "stalled" : Intake.Paused ? "paused" : Camera.State != CameraState.Online ? "camera" : Inspector.Model is null ? "no-model" : null;

    private void Receive(MqttApplicationMessage message, Action acknowledge)
    {
        if (Trigger.Parse(message.Payload, out string? why) is { } trigger)
        {
            Intake.Accept(trigger, message.Dup).WhenSettled(acknowledge);
            return;
        }
        invalid.Add(message.Payload.Length, why!);
        acknowledge();
    }

    /// <summary>A trigger that comes again after a restart is not another part. A disk that hangs is not waited for.</summary>
    private async Task RecallAsync()
    {
        if (journal is null || Options.Trigger.Mode != TriggerMode.Mqtt) return;
        try
        {
            Intake.Recall(await Task.Run(() => PastJobs.Read(journal.Path, Name, TriggerIntake.Remembered)).WaitAsync(Patience, stopping.Token).ConfigureAwait(false));
        }
        catch (Exception e) when (e is EdgeException or TimeoutException)
        {
            LogNoRecall(e.Message);
        }
    }

    private async Task ConnectAsync()
    {
        await RecallAsync().ConfigureAwait(false);
        await Link!.RunAsync(aborting.Token).ConfigureAwait(false);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "jobs of an earlier run are not known, a trigger that comes again is another part: {Why}")]
    private partial void LogNoRecall(string why);

    private void CloseStalled()
    {
        if (Camera.State == CameraState.Stalled) Intake.CloseStalled();
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Count} verdicts did not reach the broker before the agent ended")]
    private partial void LogUnsent(int count);

    private async Task Guard(string name, Task task)
    {
        try
        {
            await task.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested) { }
        catch (Exception e)
        {
            failed($"{Name} {name}", e);
        }
    }
}
