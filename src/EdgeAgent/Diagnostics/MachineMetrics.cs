using Edge.Agent.Configuration;
using Prometheus;

namespace Edge.Agent.Diagnostics;

/// <summary>Free space where the agent writes, and what GPUs do. Asked by a loop of its own: a disk or a driver that hangs must not hang /metrics.</summary>
internal sealed class MachineMetrics : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);

    /// <summary>Of the GPUs' figures, which are not there without a GPU.</summary>
    public static readonly string[] GpuLabels = ["gpu", "name"];

    private readonly List<(string Folder, string Path)> folders;
    private readonly Gauge free, size, gpuBusy, gpuMemory, gpuMemorySize, gpuTemperature, gpuPower;
    private readonly TimeProvider time;

    public MachineMetrics(AgentOptions options, AgentMetrics metrics, TimeProvider time)
    {
        this.time = time;
        folders = [("models", options.Models), ("state", options.State)];
        if (options.Journal.Enabled) folders.Add(("journal", Path.GetDirectoryName(Path.GetFullPath(options.Journal.Path))!));
        if (options.Archive.Enabled) folders.Add(("archive", options.Archive.Path));
        MetricFactory make = Metrics.WithCustomRegistry(metrics.Registry);
        free = make.CreateGauge("edge_disk_free_bytes", "Bytes that the agent may still write on the file system of this folder.", "folder");
        size = make.CreateGauge("edge_disk_size_bytes", "Size of that file system.", "folder");
        gpuBusy = make.CreateGauge("edge_gpu_busy_ratio", "Share of the time in which the GPU computed, whoever it was for; no GPU figures without NVIDIA's driver.", GpuLabels);
        gpuMemory = make.CreateGauge("edge_gpu_memory_used_bytes", "Memory in use on the GPU, whoever has it.", GpuLabels);
        gpuMemorySize = make.CreateGauge("edge_gpu_memory_size_bytes", "Memory of the GPU.", GpuLabels);
        gpuTemperature = make.CreateGauge("edge_gpu_temperature_celsius", "Temperature of the GPU.", GpuLabels);
        gpuPower = make.CreateGauge("edge_gpu_power_watts", "Power that the board takes.", GpuLabels);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            NvidiaGpus gpus = await Task.Run(() => new NvidiaGpus(), CancellationToken.None).WaitAsync(stoppingToken).ConfigureAwait(false);
            using PeriodicTimer timer = new(Period, time);
            do
            {
                await Task.Run(() => Measure(gpus), CancellationToken.None).WaitAsync(stoppingToken).ConfigureAwait(false);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { }
    }

    private void Measure(NvidiaGpus gpus)
    {
        foreach ((string folder, string path) in folders) Measure(folder, path);
        foreach (GpuState gpu in gpus.Read())
        {
            string[] labels = [$"{gpu.Index}", gpu.Name];
            Set(gpuBusy, labels, gpu.Busy);
            Set(gpuMemory, labels, gpu.MemoryUsed);
            Set(gpuMemorySize, labels, gpu.MemoryTotal);
            Set(gpuTemperature, labels, gpu.Celsius);
            Set(gpuPower, labels, gpu.Watts);
        }
    }

    private void Measure(string folder, string path)
    {
        try
        {
            // What does not exist yet will be made on the disk of the nearest folder that does.
            string? there = Path.GetFullPath(path);
            while (there is not null && !Directory.Exists(there)) there = Path.GetDirectoryName(there);
            DriveInfo disk = new(there ?? "/");
            free.WithLabels(folder).Set(disk.AvailableFreeSpace);
            size.WithLabels(folder).Set(disk.TotalSize);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            free.RemoveLabelled(folder);   // no figure rather than an old one
            size.RemoveLabelled(folder);
        }
    }

    private static void Set(Gauge gauge, string[] labels, double? value)
    {
        if (value is { } known) gauge.WithLabels(labels).Set(known);
        else gauge.RemoveLabelled(labels);
    }
}
