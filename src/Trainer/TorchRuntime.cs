using System.Runtime;
using System.Runtime.InteropServices;
using TorchSharp;

namespace Edge.Training;

/// <summary>How libtorch runs in this process. Call <see cref="Start"/> before the first tensor.</summary>
internal static partial class TorchRuntime
{
    public static torch.Device Device { get; private set; } = torch.CPU;

    /// <param name="threads">Threads of one operator; 0 = all cores.</param>
    public static void Start(int threads)
    {
        // OpenMP's threads spin while they wait. Beside another busy process that made a training step 13 times slower.
        // libgomp reads the C environment when it is loaded, which Environment.SetEnvironmentVariable does not change.
        if (OperatingSystem.IsLinux()) _ = SetEnvironment("OMP_WAIT_POLICY", "PASSIVE", overwrite: 0);
        // TorchSharp's x + 1, x.pow(2) … make a Scalar that nobody holds while libtorch reads it (dotnet/TorchSharp pull request 1434): a collection that runs beside
        // the call frees it, and the process ends. Batch: collections run only where a thread allocates, which the one that is in libtorch does not.
        GCSettings.LatencyMode = GCLatencyMode.Batch;
        torch.set_num_threads(threads > 0 ? threads : Environment.ProcessorCount);
        Device = torch.cuda.is_available() ? torch.CUDA : torch.CPU;
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);
}
