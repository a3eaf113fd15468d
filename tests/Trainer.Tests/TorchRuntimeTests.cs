using System.Runtime;
using Xunit;

namespace Edge.Tests;

public sealed class TorchRuntimeTests
{
    /// <summary>A number that TorchSharp hands to libtorch must not be collected during the call (docs/decisions.md). A failure takes seconds of stress to show, so the setting is tested.</summary>
    [Fact]
    public void Collections_do_not_run_beside_a_call_into_libtorch() => Assert.Equal(GCLatencyMode.Batch, GCSettings.LatencyMode);
}
