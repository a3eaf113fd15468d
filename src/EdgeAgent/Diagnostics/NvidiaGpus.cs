using System.Runtime.InteropServices;
using System.Text;

namespace Edge.Agent.Diagnostics;

/// <summary>
/// What NVIDIA's management library says of each GPU (nvml.h of CUDA 12; <c>libnvidia-ml.so.1</c> comes with the driver). Machines without it have no GPU that we could use.
/// Jetson's integrated GPU is not in it before JetPack 7.
/// </summary>
internal sealed partial class NvidiaGpus
{
    private const string Library = "libnvidia-ml.so.1";
    private const int Core = 0;   // NVML_TEMPERATURE_GPU

    private readonly List<(nint Handle, string Name)> gpus = [];

    public NvidiaGpus()
    {
        if (!NativeLibrary.TryLoad(Library, out _) || Init() != 0 || GetCount(out uint count) != 0) return;
        for (uint i = 0; i < count; i++) if (GetHandle(i, out nint handle) == 0) gpus.Add((handle, NameOf(handle)));
    }

    /// <summary>Asks the driver, milliseconds. A figure that a GPU does not have is null.</summary>
    public IEnumerable<GpuState> Read()
    {
        for (int i = 0; i < gpus.Count; i++)
        {
            (nint gpu, string name) = gpus[i];
            bool memory = GetMemory(gpu, out Memory bytes) == 0;
            yield return new GpuState(
                i, name,
                GetUtilization(gpu, out Utilization busy) == 0 ? busy.Gpu / 100.0 : null,
                memory ? bytes.Used : null, memory ? bytes.Total : null,
                GetTemperature(gpu, Core, out uint celsius) == 0 ? celsius : null,
                GetPower(gpu, out uint milliwatts) == 0 ? milliwatts / 1000.0 : null);
        }
    }

    private static string NameOf(nint gpu)
    {
        byte[] name = new byte[96];   // NVML_DEVICE_NAME_V2_BUFFER_SIZE
        return GetName(gpu, name, (uint)name.Length) == 0 ? Encoding.UTF8.GetString(name.AsSpan(0, Math.Max(0, name.IndexOf((byte)0)))) : "";
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Utilization
    {
        /// <summary>Percent of the last sample period (1/6 to 1 s) in which a kernel ran.</summary>
        public uint Gpu, Memory;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Memory
    {
        /// <summary>Bytes.</summary>
        public ulong Total, Free, Used;
    }

    [LibraryImport(Library, EntryPoint = "nvmlInit_v2")]
    private static partial int Init();

    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetCount_v2")]
    private static partial int GetCount(out uint count);

    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetHandleByIndex_v2")]
    private static partial int GetHandle(uint index, out nint gpu);

    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetName")]
    private static partial int GetName(nint gpu, [Out] byte[] name, uint length);

    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetUtilizationRates")]
    private static partial int GetUtilization(nint gpu, out Utilization busy);

    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetMemoryInfo")]
    private static partial int GetMemory(nint gpu, out Memory bytes);

    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetTemperature")]
    private static partial int GetTemperature(nint gpu, int sensor, out uint celsius);

    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetPowerUsage")]
    private static partial int GetPower(nint gpu, out uint milliwatts);
}

/// <param name="Busy">Share of the time in which the GPU computed, 0 to 1.</param>
/// <param name="MemoryUsed">Bytes, of everybody.</param>
/// <param name="Watts">Of the whole board.</param>
internal sealed record GpuState(int Index, string Name, double? Busy, double? MemoryUsed, double? MemoryTotal, double? Celsius, double? Watts);
