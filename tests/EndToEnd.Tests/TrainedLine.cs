using Xunit;

[assembly: AssemblyFixture(typeof(Edge.Tests.TrainedLine))]
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]

namespace Edge.Tests;

/// <summary>Rendered pictures and one package trained on them by the commands of the README, once for all tests.</summary>
public sealed class TrainedLine : IDisposable
{
    private readonly TempFolder folder = new();

    /// <summary>Data set of rendered parts, MVTec layout.</summary>
    public string Data => folder["samples"];

    public string Models => folder["models"];

    /// <summary>models/flange: its current version is 1.</summary>
    public string Package => folder["models/flange"];

    /// <summary>What <c>train --json</c> printed.</summary>
    public string TrainJson { get; }

    public TrainedLine()
    {
        Programs.Run(Programs.Trainer, 0, "samples", "--out", Data, "--normals", "40", "--test-normals", "8", "--per-defect", "3", "--width", "640", "--height", "512");
        TrainJson = Programs.Run(Programs.Trainer, 0, "train", "--method", "patchcore", "--data", Data, "--name", "flange", "--models", Models, "--coreset", "0.02", "--json").Output;
    }

    public void Dispose() => folder.Dispose();
}
