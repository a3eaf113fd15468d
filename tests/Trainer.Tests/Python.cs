using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace Edge.Tests;

/// <summary>Debian's Python with scikit-learn and scikit-image: the independent computation that figures are compared with.</summary>
internal static class Python
{
    /// <summary>Runs a script in a folder; what it prints, as numbers. Skips the test, naming what is missing.</summary>
    public static double[] Run(string script, string folder)
    {
        const string Interpreter = "/usr/bin/python3";
        if (!File.Exists(Interpreter)) Assert.Skip($"{Interpreter} is missing.");
        ProcessStartInfo start = new(Interpreter, ["-c", script])
        {
            WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (errors.Result.Contains("ModuleNotFoundError", StringComparison.Ordinal)) Assert.Skip($"python3: {errors.Result.Trim().Split('\n')[^1]}");
        Assert.True(process.ExitCode == 0, errors.Result);
        return [.. output.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(t => double.Parse(t, CultureInfo.InvariantCulture))];
    }

    /// <summary>Writes raw little-endian values for <c>numpy.fromfile</c>.</summary>
    public static void Save<T>(string path, ReadOnlySpan<T> values) where T : unmanaged =>
        File.WriteAllBytes(path, System.Runtime.InteropServices.MemoryMarshal.AsBytes(values));
}
