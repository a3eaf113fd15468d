using System.Text.Json;
using Xunit;

namespace Edge.Tests;

/// <summary>
/// <c>-p:Accelerator=cuda</c> on a machine without the CUDA packages: the right packages are asked for, and the code behind
/// <c>#if CUDA</c> compiles. That it runs needs a GPU.
/// </summary>
public sealed class AcceleratorTests
{
    [Theory]
    [InlineData("src/Shared", "cuda", "Microsoft.ML.OnnxRuntime.Gpu", "Microsoft.ML.OnnxRuntime")]
    [InlineData("src/Shared", "cpu", "Microsoft.ML.OnnxRuntime", "Microsoft.ML.OnnxRuntime.Gpu")]
    [InlineData("src/Trainer", "cuda", "TorchSharp-cuda-linux", "libtorch-cpu-linux-x64")]
    [InlineData("src/Trainer", "cpu", "libtorch-cpu-linux-x64", "TorchSharp-cuda-linux")]
    public void The_property_chooses_the_packages(string project, string accelerator, string wanted, string unwanted)
    {
        Finished finished = Programs.Run("dotnet", 0, "msbuild", Path.Combine(TestPaths.Repository, project), $"-p:Accelerator={accelerator}", "-getItem:PackageReference");
        HashSet<string> packages = [.. JsonDocument.Parse(finished.Output).RootElement.GetProperty("Items").GetProperty("PackageReference")
            .EnumerateArray().Select(p => p.GetProperty("Identity").GetString()!)];
        Assert.Contains(wanted, packages);
        Assert.DoesNotContain(unwanted, packages);
    }

    [Fact]
    public void An_unknown_accelerator_is_refused()
    {
        Finished finished = Programs.Run("dotnet", 1, "build", Path.Combine(TestPaths.Repository, "src/Shared"), "--no-restore", "-p:Accelerator=tpu");
        Assert.Contains("use -p:Accelerator=cpu (default), -p:Accelerator=cuda or -p:Accelerator=jetson", finished.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void The_cuda_code_compiles()
    {
        // The managed API is the same in both ONNX Runtime packages: the CUDA branch compiles against the CPU one.
        using TempFolder folder = new();
        Programs.Run("dotnet", 0, "build", Path.Combine(TestPaths.Repository, "src/Shared"), "--no-restore", "-p:DefineConstants=CUDA",
            $"-p:IntermediateOutputPath={folder["obj/"]}", $"-p:OutDir={folder["bin/"]}");
    }
}
