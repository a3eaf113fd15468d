using Edge.Training;
using Xunit;

[assembly: AssemblyFixture(typeof(Edge.Tests.TorchProcess))]

namespace Edge.Tests;

/// <summary>Starts libtorch the way the program does, before the first tensor.</summary>
public sealed class TorchProcess
{
    public TorchProcess() => TorchRuntime.Start(threads: 0);
}
