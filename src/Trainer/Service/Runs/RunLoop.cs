using Edge.Packages;
using Edge.Training.Cli;
using Edge.Training.Service.Configuration;
using Edge.Training.Service.Gates;

namespace Edge.Training.Service.Runs;

/// <summary>One run after the other: put the pictures together, train, measure, publish or refuse. A stop leaves the run as it is; the next start takes it up again.</summary>
internal sealed partial class RunLoop(ServeOptions options, RunBook book, TrainingProcess process, ServeMetrics metrics, TimeProvider time, ILogger<RunLoop> log) : BackgroundService
{
    private readonly Candidates candidates = new(options);
    private readonly Lock gate = new();
    private (string Run, CancellationTokenSource Cancel)? under;

    /// <summary>Ends a run that waits or is under way.</summary>
    /// <exception cref="EdgeException">There is no such run, or it is over.</exception>
    public void Cancel(string id)
    {
        RetrainingRun run = book.Find(id) ?? throw new EdgeException($"There is no run {id}.");
        lock (gate)
        {
            if (run.IsOver) throw new EdgeException($"Run {id} is over ({run.State}).");
            if (under is { } now && now.Run == id) now.Cancel.Cancel();
            else book.Update(run with { State = RunState.Cancelled, EndedAt = time.GetUtcNow() });
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            RetrainingRun run = await book.NextAsync(stoppingToken).ConfigureAwait(false);
            using CancellationTokenSource cancel = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
            lock (gate)
            {
                if (book.Find(run.Id)!.IsOver) continue;   // it was cancelled just now
                under = (run.Id, cancel);
                book.Update(run = run with { State = RunState.Running, Attempts = run.Attempts + 1, StartedAt = run.StartedAt ?? time.GetUtcNow() });
            }
            RetrainingRun ended = await ExecuteAsync(run, cancel.Token).ConfigureAwait(false);
            if (ended.State == RunState.Cancelled && stoppingToken.IsCancellationRequested)
            {
                book.Update(run with { Attempts = run.Attempts - 1 });   // a planned stop is no failure of the run
                LogStopped(run.Id);
                return;
            }
            lock (gate) under = null;
            CleanUp(ended);
            book.Update(ended = ended with { EndedAt = time.GetUtcNow() });
            metrics.Ended(ended);
            if (ended.State == RunState.Published) LogPublished(ended.Id, ended.Product, ended.Version!.Value);
            else LogNotPublished(ended.Id, ended.State, ended.Reason ?? "");
        }
    }

    private async Task<RetrainingRun> ExecuteAsync(RetrainingRun run, CancellationToken cancel)
    {
        try
        {
            if (run.Attempts > options.Process.MaxAttempts) throw new EdgeException($"The run was cut off {options.Process.MaxAttempts} times (Process:MaxAttempts).");
            if (run.Attempts > 1 && candidates.PublishedBy(run) is { } version) return run with { State = RunState.Published, Version = version };
            return await TrainAsync(run, cancel).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            return run with { State = RunState.Cancelled };
        }
        catch (Exception e) when (e is EdgeException or IOException or UnauthorizedAccessException)
        {
            return run with { State = RunState.Failed, Reason = e.Message };
        }
    }

    private async Task<RetrainingRun> TrainAsync(RetrainingRun run, CancellationToken cancel)
    {
        ProductOptions product = options.Products.GetValueOrDefault(run.Product) ?? throw new EdgeException($"The product {run.Product} is not configured any more.");
        candidates.Store();   // a signing key that can't be read is known before the work
        string folder = book.FolderOf(run);
        using StreamWriter said = new(Path.Combine(folder, "service.log"), append: true) { AutoFlush = true };
        Terminal terminal = new(said, interactive: false, time);
        RunData data = await Task.Run(() => RunData.Assemble(product, ReviewedParts.Of(product), new HoldOut(options.State, run.Product), folder, terminal, cancel), cancel).ConfigureAwait(false);
        LogTraining(run.Id, data.Training, data.HeldOut, data.Anomalies);

        PackageStore trained = new(Path.Combine(folder, "models"));
        if (trained.Current(run.Product) is null)
        {
            List<string> arguments = [.. ServeConfiguration.Arguments(product)];
            if (data.Anomalies > 0) arguments.AddRange(["--anomalies", Path.Combine(folder, "anomalies")]);
            await process.TrainAsync(run.Product, arguments, folder, cancel).ConfigureAwait(false);
        }
        Package candidate = trained.OpenCurrent(run.Product);
        metrics.Trained(run.Product, candidate);

        Package? running = candidates.Running(run.Product);
        IReadOnlyList<Gate> gates = await Task.Run(() => new GateKeeper(product, options.Process.Threads, terminal, cancel).Measure(candidate, running, Path.Combine(folder, "data")), cancel).ConfigureAwait(false);
        foreach (Gate measured in gates) LogGate(run.Id, measured);
        metrics.Measured(run.Product, gates);
        GateReport report = new(run.Id, run.Cause.Wire(), running?.Manifest.Version, data.Training, data.HeldOut, time.GetUtcNow(), gates);
        run = run with { Gates = gates };
        cancel.ThrowIfCancellationRequested();
        if (report.Refusal is { } refusal)
        {
            candidates.Refuse(candidate, report);
            return run with { State = RunState.Refused, Reason = refusal };
        }
        return run with { State = RunState.Published, Version = candidates.Publish(candidate, report, product.Activate).Manifest.Version };
    }

    /// <summary>The run's state, its log and its figures stay.</summary>
    private void CleanUp(RetrainingRun run)
    {
        string folder = book.FolderOf(run);
        foreach (string part in (string[])["data", "data.new", "anomalies", "models"])
            if (Directory.Exists(Path.Combine(folder, part))) Directory.Delete(Path.Combine(folder, part), recursive: true);
        foreach (string file in Directory.EnumerateFiles(folder, "checkpoint*")) File.Delete(file);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "run {Run}: {Training} normal pictures, {HeldOut} in the hold-out, {Anomalies} anomalous ones to learn from")]
    private partial void LogTraining(string run, int training, int heldOut, int anomalies);

    [LoggerMessage(Level = LogLevel.Information, Message = "run {Run}: gate {Gate}")]
    private partial void LogGate(string run, Gate gate);

    [LoggerMessage(Level = LogLevel.Information, Message = "run {Run} has published {Product} version {Version}")]
    private partial void LogPublished(string run, string product, int version);

    [LoggerMessage(Level = LogLevel.Warning, Message = "run {Run} is {State}: {Reason}")]
    private partial void LogNotPublished(string run, RunState state, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "run {Run} stops with the service and goes on with the next start")]
    private partial void LogStopped(string run);
}
