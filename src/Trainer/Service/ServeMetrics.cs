using System.Globalization;
using Edge.Packages;
using Edge.Scoring;
using Edge.Training.Service.Configuration;
using Edge.Training.Service.Gates;
using Edge.Training.Service.Messaging;
using Edge.Training.Service.Runs;
using Prometheus;

namespace Edge.Training.Service;

/// <summary>What <c>/metrics</c> says; docs/trainer-metrics.md is made from it.</summary>
internal sealed class ServeMetrics
{
    private static readonly RunState[] Ends = [RunState.Published, RunState.Refused, RunState.Failed, RunState.Cancelled];

    private readonly Counter runs;
    private readonly Gauge queued, running, started, duration, ended, result, loss, gateFigure, gateLimit, gatePassed, holdOut, published, broker;
    private readonly Counter invalid, deliveries;

    public ServeMetrics(ServeOptions options)
    {
        MetricFactory make = Metrics.WithCustomRegistry(Registry);
        DotNetStats.Register(Registry);
        make.CreateGauge("edge_trainer_build_info", "1; the build as labels.", "version", "accelerator").WithLabels(Build.Version, Accelerator.Name).Set(1);
        runs = make.CreateCounter("edge_trainer_runs_total", "Runs that are over since the start, by result: published, refused, failed, cancelled.", "product", "result");
        queued = make.CreateGauge("edge_trainer_runs_queued", "Runs that wait for their turn.");
        running = make.CreateGauge("edge_trainer_running", "1 while a run of the product is under way.", "product");
        started = make.CreateGauge("edge_trainer_run_started_timestamp_seconds", "When the run under way began, Unix time; 0 = none.");
        duration = make.CreateGauge("edge_trainer_last_run_seconds", "From the beginning of the product's last run to its end.", "product");
        ended = make.CreateGauge("edge_trainer_last_run_timestamp_seconds", "When the product's last run ended, Unix time; 0 = never.", "product");
        result = make.CreateGauge("edge_trainer_last_run_result", "1 for what became of the product's last run.", "product", "result");
        loss = make.CreateGauge("edge_trainer_last_loss", "Training loss at the end of the last candidate's training; methods that train in epochs only.", "product");
        gateFigure = make.CreateGauge("edge_trainer_gate_figure", "What a gate measured of the last candidate.", "product", "gate");
        gateLimit = make.CreateGauge("edge_trainer_gate_limit", "The limit that it was held against.", "product", "gate");
        gatePassed = make.CreateGauge("edge_trainer_gate_passed", "1 when the last candidate passed the gate, 0 when it was refused.", "product", "gate");
        holdOut = make.CreateGauge("edge_trainer_holdout_pictures", "Pictures of the frozen hold-out: normal, anomalous.", "product", "kind");
        published = make.CreateGauge("edge_trainer_published_version", "Newest version in the models folder; 0 = none.", "product");
        broker = make.CreateGauge("edge_trainer_broker_connected", "1 when the trainer's MQTT client is connected.");
        invalid = make.CreateCounter("edge_trainer_invalid_messages_total", "Messages on the topics that the trainer listens to that are not what belongs there.");
        deliveries = make.CreateCounter("edge_trainer_delivery_requests_total", "Requests for packages that were answered, by HTTP status: 200 whole, 206 the rest of a file, 401 without a known token, 404 no such version or file, 416 nothing is left of a file, 429 too many wrong tokens.", "status");
        deliveries.WithLabels("200");
        foreach (string product in options.Products.Keys)
            foreach (RunState end in Ends) runs.WithLabels(product, end.Wire());
    }

    public CollectorRegistry Registry { get; } = Metrics.NewCustomRegistry();

    /// <summary>Reads what is whenever the registry is scraped.</summary>
    public void Watch(ServeOptions options, RunBook book, TrainerLink? link) => Registry.AddBeforeCollectCallback(() =>
    {
        queued.Set(book.Queued);
        RetrainingRun? now = book.Running;
        started.Set(now?.StartedAt?.ToUnixTimeSeconds() ?? 0);
        broker.Set(link is { IsConnected: true } ? 1 : 0);
        invalid.IncTo(link?.Invalid ?? 0);
        PackageStore store = new(options.Models);
        foreach (string product in options.Products.Keys)
        {
            running.WithLabels(product).Set(now?.Product == product ? 1 : 0);
            published.WithLabels(product).Set(store.Versions(product) is [.., var newest] ? newest : 0);
            string[] labels = [.. new HoldOut(options.State, product).Labels().Values];
            holdOut.WithLabels(product, "normal").Set(labels.Count(l => l == Data.Picture.NormalLabel));
            holdOut.WithLabels(product, "anomalous").Set(labels.Count(l => l != Data.Picture.NormalLabel));
            RetrainingRun? last = book.All.Where(r => r.Product == product && r.IsOver).MaxBy(r => r.EndedAt);
            ended.WithLabels(product).Set(last?.EndedAt?.ToUnixTimeSeconds() ?? 0);
            duration.WithLabels(product).Set(last is { StartedAt: { } from, EndedAt: { } to } ? (to - from).TotalSeconds : 0);
            foreach (RunState end in Ends) result.WithLabels(product, end.Wire()).Set(last?.State == end ? 1 : 0);
        }
    });

    public void Delivered(int status) => deliveries.WithLabels(status.ToString(CultureInfo.InvariantCulture)).Inc();

    public void Ended(RetrainingRun run) => runs.WithLabels(run.Product, run.State.Wire()).Inc();

    /// <summary>The second column of training.csv is the loss.</summary>
    public void Trained(string product, Package candidate)
    {
        string curve = Path.Combine(candidate.Folder, "training.csv");
        if (File.Exists(curve) && double.TryParse(File.ReadLines(curve).Last().Split(',')[1], CultureInfo.InvariantCulture, out double value)) loss.WithLabels(product).Set(value);
    }

    public void Measured(string product, IReadOnlyList<Gate> gates)
    {
        foreach (Gate gate in gates)
        {
            gatePassed.WithLabels(product, gate.Name).Set(gate.Passed ? 1 : 0);
            if (gate.Figure is { } figure) gateFigure.WithLabels(product, gate.Name).Set(figure);
            if (gate.Limit is { } limit) gateLimit.WithLabels(product, gate.Name).Set(limit);
        }
    }
}
