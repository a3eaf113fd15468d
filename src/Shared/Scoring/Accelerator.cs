using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace Edge.Scoring;

/// <summary>The execution provider this build was made for (<c>-p:Accelerator=cpu|cuda|jetson</c>).</summary>
public static partial class Accelerator
{
#if JETSON
    public const string Name = "jetson";

    /// <summary>Folder of the engines that TensorRT has built for this device, minutes for a model; not set = CUDA alone.</summary>
    private const string EngineCache = "EDGE_TENSORRT_CACHE";
#elif CUDA
    public const string Name = "cuda";
#else
    public const string Name = "cpu";
#endif

    /// <summary>
    /// From 1.29 on ONNX Runtime sends events about every model to its vendor and writes an identifier of the machine into the home folder, unless this
    /// is set before it starts. .NET's own environment is a copy that native code does not see.
    /// </summary>
    static Accelerator()
    {
        if (!OperatingSystem.IsWindows()) _ = SetEnvironment("ORT_DISABLE_TELEMETRY", "1", overwrite: 1);
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);

    /// <exception cref="EdgeException">Built for CUDA and CUDA does not start: a line must not fall back to a CPU that misses its deadlines unnoticed.</exception>
    internal static SessionOptions CreateSessionOptions(DetectorOptions options)
    {
        SessionOptions session = new()
        {
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            IntraOpNumThreads = options.Threads,
        };
        // Spinning threads of one station take the cores that another needs (30 instead of 52 ms for a ResNet-18 beside a busy core).
        session.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
#if CUDA
        try
        {
#if JETSON
            if (Environment.GetEnvironmentVariable(EngineCache) is { Length: > 0 } cache)
            {
                // Half precision stays off: golden images promise what was trained. What TensorRT does not take, CUDA computes.
                using OrtTensorRTProviderOptions tensorRt = new();
                tensorRt.UpdateOptions(new() { ["device_id"] = "0", ["trt_engine_cache_enable"] = "1", ["trt_engine_cache_path"] = cache, ["trt_timing_cache_enable"] = "1", ["trt_timing_cache_path"] = cache });
                session.AppendExecutionProvider_Tensorrt(tensorRt);
            }
#endif
            session.AppendExecutionProvider_CUDA(0);
        }
        catch (OnnxRuntimeException e)
        {
            session.Dispose();
            throw new EdgeException($"This build runs on CUDA and CUDA does not start: {e.Message} Install the NVIDIA driver, CUDA 12 and cuDNN 9, or build with -p:Accelerator=cpu.", e);
        }
#endif
        return session;
    }
}
