using System.Diagnostics;
using Xunit;

namespace Edge.Tests;

/// <summary>Independent computations by Debian's Python packages (numpy, pil, sklearn, skimage, onnx).</summary>
internal static class Python
{
    // Debian's own interpreter: another python3 on PATH does not see Debian's packages.
    private const string Interpreter = "/usr/bin/python3";

    /// <summary>Runs a script with its arguments and returns its standard output; skips the test, by name, when a module is missing.</summary>
    /// <param name="modules">Modules the script imports, e.g. "PIL numpy".</param>
    public static string Run(string script, string modules, params string[] arguments)
    {
        Assert.SkipUnless(File.Exists(Interpreter), "needs python3");
        foreach (string module in modules.Split(' '))
        {
            // Our graphs are opset 17: an older onnx does not know it.
            (string what, string check) = module == "onnx" ? ("onnx 1.12 or newer", "import onnx; assert onnx.defs.onnx_opset_version() >= 17") : (module, $"import {module}");
            Assert.SkipUnless(Start(check, []).ExitCode == 0, $"needs python3 module {what}");
        }
        (int code, string output, string error) = Start(script, arguments);
        Assert.True(code == 0, error);
        return output;
    }

    private static (int ExitCode, string Output, string Error) Start(string script, string[] arguments)
    {
        ProcessStartInfo start = new(Interpreter, ["-c", script, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.Result);
    }
}
