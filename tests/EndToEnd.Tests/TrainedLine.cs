using Xunit;

[assembly: AssemblyFixture(typeof(Edge.Tests.TrainedLine))]
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]

namespace Edge.Tests;

/// <summary>Rendered pictures and one package trained on them by the commands of the README, once, when the first test asks.</summary>
public sealed class TrainedLine : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly Lazy<string> samples, train;

    /// <summary>Data set of rendered parts, MVTec layout.</summary>
    public string Data => samples.Value;

    public string Models => Path.GetDirectoryName(Package)!;

    /// <summary>models/flange: its current version is 1.</summary>
    public string Package => TrainJson.Length > 0 ? folder["models/flange"] : throw new InvalidOperationException("train --json printed nothing");

    /// <summary>What <c>train --json</c> printed.</summary>
    public string TrainJson => train.Value;

    public TrainedLine()
    {
        samples = new(() =>
        {
            Programs.Run(Programs.Trainer, 0, "samples", "--out", folder["samples"], "--normals", "40", "--test-normals", "8", "--per-defect", "3", "--width", "640", "--height", "512");
            return folder["samples"];
        });
        train = new(() => Programs.Run(Programs.Trainer, 0, "train", "--method", "patchcore", "--data", Data, "--name", "flange", "--models", folder["models"], "--coreset", "0.02", "--json").Output);
    }

    public void Dispose() => folder.Dispose();
}
