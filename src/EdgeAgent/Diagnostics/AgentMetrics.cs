using Edge.Agent.Archive;
using Edge.Agent.Capture;
using Edge.Agent.Drift;
using Edge.Agent.Inspection;
using Edge.Agent.Journal;
using Edge.Agent.Reviews;
using Edge.Agent.Sparkplug;
using Edge.Scoring;
using Prometheus;

namespace Edge.Agent.Diagnostics;

/// <summary>
/// Every metric of the agent, on a registry of its own. Distributions are observed per part (<see cref="StationMetrics"/>);
/// everything else is read from the stations when somebody scrapes, so that there is one truth and counting costs nothing.
/// </summary>
internal sealed class AgentMetrics
{
    private static readonly Verdict[] Verdicts = Enum.GetValues<Verdict>();
    private static readonly Reason[] Reasons = Enum.GetValues<Reason>();
    private static readonly CameraState[] Cameras = Enum.GetValues<CameraState>();
    private static readonly BrokerTrouble[] Troubles = Enum.GetValues<BrokerTrouble>();
    private static readonly CameraCause[] Causes = Enum.GetValues<CameraCause>();
    private const string S = "station";

    private readonly Counter triggers, verdicts, published, lost, duplicates, hostile, hostileCommands, cameraReconnects, cameraRepeats, cameraUnhealthy, brokerConnects, brokerFailures, refused, publishRetries, modelSwaps, modelRefusals, modelWithdrawals, heatmaps, journalWritten, journalLost, archived, recordsSent, recordsLost, sparkplugBirths, sparkplugResults, sparkplugGaps, driftFlags, selfTests, reviews;
    private readonly Gauge awaiting, depth, camera, cameraTrouble, broker, certificates, paused, presence, modelVersion, modelLoaded, modelCreated, journalWaiting, journalWritable, archiveBytes, recordsBacklog, recordsAge, sparkplugOnline, sparkplugBacklog, sparkplugAge, drift, driftEvidence, rejectStreak, selfTestFailing;
    private readonly TrialMetrics trials;

    public CollectorRegistry Registry { get; } = Metrics.NewCustomRegistry();

    /// <summary>Seconds a part spent in each stage.</summary>
    public Histogram Stages { get; }

    /// <summary>Seconds from trigger to the verdict's hand-over to the MQTT client.</summary>
    public Histogram Latency { get; }

    public Histogram ScorePosition { get; }
    public Gauge Score { get; }

    public AgentMetrics()
    {
        MetricFactory make = Metrics.WithCustomRegistry(Registry);
        trials = new TrialMetrics(make);
        double[] seconds = [.. Histogram.ExponentialBuckets(0.00025, 2, 15)];   // 0.25 ms … 4 s
        triggers = make.CreateCounter("edge_triggers_total", "Parts that were triggered.", S);
        verdicts = make.CreateCounter("edge_verdicts_total", "Parts that were decided; reason is 'none' unless the verdict is uninspected.", S, "verdict", "reason");
        awaiting = make.CreateGauge("edge_parts_awaiting_verdict", "Triggers minus verdicts: 0 when no part is under way.", S);
        duplicates = make.CreateCounter("edge_duplicate_triggers_total", "Triggers whose jobId had come before.", S);
        hostile = make.CreateCounter("edge_invalid_triggers_total", "Messages on the trigger topic that are no trigger.", S);
        hostileCommands = make.CreateCounter("edge_invalid_commands_total", "Messages on the command topic that are no command.", S);
        presence = make.CreateGauge("edge_presence_difference", "Mean difference of the last frame from the empty scene, gray levels; 0 without presence detection.", S);
        paused = make.CreateGauge("edge_paused", "1 while the station was told to pause.", S);
        Stages = make.CreateHistogram("edge_stage_seconds", "Time of one part in a stage.", [S, "stage"], new HistogramConfiguration { Buckets = seconds });
        Latency = make.CreateHistogram("edge_verdict_latency_seconds", "From trigger to the verdict's hand-over to the MQTT client.", [S], new HistogramConfiguration { Buckets = seconds });
        ScorePosition = make.CreateHistogram(
            "edge_score_position",
            "(score - mean of normals) / (threshold - mean of normals): 0 is the average normal part, 1 and more is rejected. The same scale for every model.",
            [S],
            new HistogramConfiguration { Buckets = [-1, -0.5, -0.25, 0, 0.25, 0.5, 0.75, 0.9, 1, 1.1, 1.25, 1.5, 2, 3, 5, 10] });
        Score = make.CreateGauge("edge_score", "Raw image score of the last inspected part.", S);
        depth = make.CreateGauge("edge_queue_depth", "Waiting: parts under way, verdicts for the broker, verdicts that the broker refused, heatmaps to draw.", S, "queue");
        published = make.CreateCounter("edge_verdicts_published_total", "Verdicts that the broker has acknowledged, repeats for repeated triggers included.", S);
        lost = make.CreateCounter("edge_verdicts_lost_total", "Verdicts that never reached the broker: the queue was full, the broker refused them for too long, or the agent ended first.", S);
        camera = make.CreateGauge("edge_camera_state", "1 for the state the camera is in.", S, "state");
        cameraTrouble = make.CreateGauge("edge_camera_trouble", "1 for what is wrong with the camera, or for none.", S, "cause");
        cameraRepeats = make.CreateCounter("edge_camera_repeated_frames_total", "Frames of a live camera that equalled the one before and were not inspected.", S);
        cameraUnhealthy = make.CreateCounter("edge_camera_unhealthy_frames_total", "Frames that were not as the golden frames are and were not inspected.", S);
        cameraReconnects = make.CreateCounter("edge_camera_failures_total", "Times the camera failed and was opened again.", S);
        broker = make.CreateGauge("edge_broker_connected", "1 when the station's MQTT client is connected.", S);
        brokerConnects = make.CreateCounter("edge_broker_connects_total", "Times the station's MQTT client connected.", S);
        brokerFailures = make.CreateCounter("edge_broker_failures_total", "Attempts to connect that failed: unreachable, certificate, credentials, forbidden (to subscribe), file (of our own, unreadable).", S, "trouble");
        refused = make.CreateCounter("edge_messages_refused_total", "Messages that the broker acknowledged with a refusal, by the topic's last part.", S, "topic");
        certificates = make.CreateGauge("edge_certificate_expiry_timestamp_seconds", "When the certificate ends, Unix time: client = ours on disk, broker = the first of its chain to end; station delivery: trainer and client of Edge:Delivery; 0 = none.", S, "certificate");
        publishRetries = make.CreateCounter("edge_publish_retries_total", "Verdicts that were sent again because no acknowledgement came.", S);
        modelVersion = make.CreateGauge("edge_model_version", "Version of the running model; 0 = none.", S, "model");
        modelLoaded = make.CreateGauge("edge_model_loaded_timestamp_seconds", "When the running model was loaded, Unix time.", S);
        modelCreated = make.CreateGauge("edge_model_created_timestamp_seconds", "When the running model was trained, Unix time.", S);
        modelSwaps = make.CreateCounter("edge_model_swaps_total", "Models taken into use.", S);
        modelRefusals = make.CreateCounter("edge_model_refusals_total", "Packages that were refused.", S);
        modelWithdrawals = make.CreateCounter("edge_model_withdrawals_total", "Versions that were rolled back because their first parts were rejected, or failed, clearly more often than before.", S);
        heatmaps = make.CreateCounter("edge_heatmaps_total", "Heatmaps by what became of them: sent, overtaken by a newer one, rate-limited, offline, failed.", S, "outcome");
        journalWritten = make.CreateCounter("edge_journal_entries_total", "Entries that the journal has on disk.");
        journalLost = make.CreateCounter("edge_journal_lost_total", "Records that never reached the journal: it could not be written for too long.");
        journalWaiting = make.CreateGauge("edge_journal_waiting", "Records that wait for the journal.");
        journalWritable = make.CreateGauge("edge_journal_writable", "1 when the last write succeeded; 0 when the disk is full or away, or the journal is not enabled.");
        archived = make.CreateCounter("edge_archive_pictures_total", "Pictures for the archive by what became of them: written, dropped (too many at once), failed (the disk is full or away), removed (age, size, free space).", "outcome");
        archiveBytes = make.CreateGauge("edge_archive_bytes", "Size of the archive.");
        recordsSent = make.CreateCounter("edge_records_sent_total", "Journal entries that went out on the record topic.", S);
        recordsLost = make.CreateCounter("edge_records_lost_total", "Records that no historian will have: they never reached the journal, or were removed from it (age, size) before they were sent.", S);
        recordsBacklog = make.CreateGauge("edge_records_backlog", "Journal entries that are still to be sent on the record topic; counted every 10 s when they are many.", S);
        recordsAge = make.CreateGauge("edge_records_oldest_seconds", "Age of the oldest journal entry that is still to be sent; 0 = none.", S);
        drift = make.CreateGauge("edge_drift", "1 while accepted parts' scores are not as at calibration: product, or camera when the pictures' light or sharpness changed too.", S, "cause");
        driftEvidence = make.CreateGauge("edge_drift_evidence", "Evidence for a change since the model came into use, as the logarithm to base 10 of the parts between two false alarms; -1 = none.", S, "statistic");
        driftFlags = make.CreateCounter("edge_drift_flags_total", "Times that drift was flagged, or its cause changed.", S);
        rejectStreak = make.CreateGauge("edge_reject_streak", "Rejected parts in a row until now.", S);
        selfTests = make.CreateCounter("edge_self_tests_total", "Times that the running model was read from the disk again and run on its golden images, by command or schedule.", S, "outcome");
        selfTestFailing = make.CreateGauge("edge_self_test_failing", "1 when the last self-test failed.", S);
        reviews = make.CreateCounter("edge_reviews_total", "Parts that people have judged on the page, by the machine's verdict and what they said.", S, "verdict", "judgement");
        sparkplugOnline = make.CreateGauge("edge_sparkplug_online", "1 when the Sparkplug edge node is connected and born; 0 also when it is not enabled.");
        sparkplugBirths = make.CreateCounter("edge_sparkplug_births_total", "Births of the Sparkplug edge node, those that a host asked for included.");
        sparkplugResults = make.CreateCounter("edge_sparkplug_results_total", "Parts' results that the broker has over Sparkplug.", S);
        sparkplugBacklog = make.CreateGauge("edge_sparkplug_backlog", "Journal entries that are still to be sent over Sparkplug; counted every 10 s when they are many.", S);
        sparkplugAge = make.CreateGauge("edge_sparkplug_oldest_seconds", "Age of the oldest of them; 0 = none.", S);
        sparkplugGaps = make.CreateCounter("edge_sparkplug_gaps_total", "Times that the journal had removed results (age, size) before they were sent over Sparkplug.", S);
        make.CreateGauge("edge_build_info", "1; the build as labels.", "version", "accelerator").WithLabels(Build.Version, Accelerator.Name).Set(1);
        DotNetStats.Register(Registry);
    }

    /// <summary>Reads the stations whenever the registry is scraped.</summary>
    public void Watch(IReadOnlyCollection<Station> stations, JournalWriter? journal, ArchiveWriter? archive, SparkplugNode? sparkplug, ReviewBook book) => Registry.AddBeforeCollectCallback(() =>
    {
        foreach (Station station in stations) Read(station, sparkplug?.Devices.First(d => d.Name == station.Name));
        foreach (Station station in stations) reviews.WithLabels(station.Name, "reject", "normal").IncTo(0);   // there before it happens
        foreach (((string station, string verdict, Judgement judgement), long count) in book.Counts) reviews.WithLabels(station, verdict, judgement.Wire()).IncTo(count);
        sparkplugOnline.Set(sparkplug is { IsOnline: true } ? 1 : 0);
        sparkplugBirths.IncTo(sparkplug?.Births ?? 0);
        journalWritable.Set(journal is { Trouble: null } ? 1 : 0);
        archived.WithLabels("written").IncTo(archive?.Written ?? 0);
        archived.WithLabels("dropped").IncTo(archive?.Dropped ?? 0);
        archived.WithLabels("failed").IncTo(archive?.Failed ?? 0);
        archived.WithLabels("removed").IncTo(archive?.Removed ?? 0);
        archiveBytes.Set(archive?.Bytes ?? 0);
        if (journal is null) return;
        journalWritten.IncTo(journal.Written);
        journalLost.IncTo(journal.Lost);
        journalWaiting.Set(journal.Count);
    });

    public void CertificateEnds(string whose, string which, long at) => certificates.WithLabels(whose, which).Set(at);

    private void Read(Station station, SparkplugDevice? device)
    {
        string s = station.Name;
        foreach (Verdict verdict in Verdicts)
            foreach (Reason reason in Reasons)
                if ((verdict == Verdict.Uninspected) == (reason != Reason.None))
                    verdicts.WithLabels(s, verdict.Wire(), reason.Wire()).IncTo(station.Ledger.Count(verdict, reason));
        triggers.WithLabels(s).IncTo(station.Ledger.Triggers);
        awaiting.WithLabels(s).Set(station.Ledger.Awaiting);
        duplicates.WithLabels(s).IncTo(station.Intake.Duplicates);
        hostile.WithLabels(s).IncTo(station.InvalidTriggers);
        hostileCommands.WithLabels(s).IncTo(station.InvalidCommands);
        depth.WithLabels(s, "parts").Set(station.Queues.Capacity - station.Queues.Pool.Count);
        depth.WithLabels(s, "verdicts").Set(station.Ledger.Outbox.Count);
        depth.WithLabels(s, "heatmaps").Set(station.Evidence.Count);
        published.WithLabels(s).IncTo(station.Publisher.Published);
        depth.WithLabels(s, "refused").Set(station.Publisher.Refused);
        lost.WithLabels(s).IncTo(station.Ledger.Lost);
        foreach (CameraState state in Cameras) camera.WithLabels(s, state.Wire()).Set(station.Camera.State == state ? 1 : 0);
        foreach (CameraCause cause in Causes) cameraTrouble.WithLabels(s, cause.Wire()).Set(station.Camera.Cause == cause ? 1 : 0);
        cameraUnhealthy.WithLabels(s).IncTo(station.Camera.Unhealthy);
        cameraRepeats.WithLabels(s).IncTo(station.Camera.Repeated);
        cameraReconnects.WithLabels(s).IncTo(station.Camera.Reconnects);
        broker.WithLabels(s).Set(station.Link is { IsConnected: true } ? 1 : 0);
        brokerConnects.WithLabels(s).IncTo(station.Link?.Connects ?? 0);
        foreach (BrokerTrouble trouble in Troubles) brokerFailures.WithLabels(s, trouble.Wire()).IncTo(station.Link?.Failures(trouble) ?? 0);
        refused.WithLabels(s, "verdict").IncTo(0);   // there before it happens, so that an alarm can be tried
        foreach ((string kind, long count) in station.Link?.Refusals.Counts ?? []) refused.WithLabels(s, kind).IncTo(count);
        certificates.WithLabels(s, "client").Set(station.Link?.Certificates.ClientEnds ?? 0);
        certificates.WithLabels(s, "broker").Set(station.Link?.Certificates.BrokerEnds ?? 0);
        publishRetries.WithLabels(s).IncTo(station.Publisher.Retries);
        foreach (string model in station.Recipes.Models) modelVersion.WithLabels(s, model).Set(station.Inspector.Model is { } running && running.Name == model ? running.Version : 0);
        presence.WithLabels(s).Set(station.Presence?.Difference ?? 0);
        paused.WithLabels(s).Set(station.Intake.Paused ? 1 : 0);
        modelLoaded.WithLabels(s).Set(station.Inspector.Model?.LoadedAt.ToUnixTimeMilliseconds() / 1000.0 ?? 0);
        modelCreated.WithLabels(s).Set(station.Inspector.Model?.Manifest.CreatedAt.ToUnixTimeMilliseconds() / 1000.0 ?? 0);
        modelSwaps.WithLabels(s).IncTo(station.Inspector.Swaps);
        modelRefusals.WithLabels(s).IncTo(station.Watcher.Refusals);
        modelWithdrawals.WithLabels(s).IncTo(station.Watcher.Withdrawals);
        trials.Read(station);
        recordsSent.WithLabels(s).IncTo(station.Records?.Sent ?? 0);
        recordsLost.WithLabels(s).IncTo(station.RecordsLost);
        recordsBacklog.WithLabels(s).Set(station.Records?.Backlog ?? 0);
        recordsAge.WithLabels(s).Set(station.Records?.OldestAge.TotalSeconds ?? 0);
        DriftReport? drifting = station.Drift.Now;
        foreach (DriftCause cause in (ReadOnlySpan<DriftCause>)[DriftCause.Product, DriftCause.Camera]) drift.WithLabels(s, cause.Wire()).Set(drifting?.Cause == cause ? 1 : 0);
        driftEvidence.WithLabels(s, "score").Set(drifting?.Score ?? -1);
        driftEvidence.WithLabels(s, "brightness").Set(drifting?.Brightness ?? -1);
        driftEvidence.WithLabels(s, "sharpness").Set(drifting?.Sharpness ?? -1);
        driftFlags.WithLabels(s).IncTo(station.Drift.Flags);
        rejectStreak.WithLabels(s).Set(station.Drift.RejectStreak);
        selfTests.WithLabels(s, "passed").IncTo(station.SelfTest.Passed);
        selfTests.WithLabels(s, "failed").IncTo(station.SelfTest.Failed);
        selfTestFailing.WithLabels(s).Set(station.SelfTest.Failing ? 1 : 0);
        sparkplugResults.WithLabels(s).IncTo(device?.Sent ?? 0);
        sparkplugBacklog.WithLabels(s).Set(device?.Backlog ?? 0);
        sparkplugAge.WithLabels(s).Set(device?.OldestAge.TotalSeconds ?? 0);
        sparkplugGaps.WithLabels(s).IncTo(device?.Gaps ?? 0);
        heatmaps.WithLabels(s, "sent").IncTo(station.HeatmapLoop.Sent);
        heatmaps.WithLabels(s, "offline").IncTo(station.HeatmapLoop.Offline);
        heatmaps.WithLabels(s, "failed").IncTo(station.HeatmapLoop.Failed);
        heatmaps.WithLabels(s, "overtaken").IncTo(station.Evidence.Overtaken);
        heatmaps.WithLabels(s, "rate-limited").IncTo(station.Evidence.RateLimited);
    }
}
