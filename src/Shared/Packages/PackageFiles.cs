using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Microsoft.Win32.SafeHandles;

namespace Edge.Packages;

/// <summary>Names, hashes and durable writes of package files.</summary>
internal static partial class PackageFiles
{
    public const string Manifest = "manifest.json", Model = "model.onnx", Expected = "golden/expected.json", Signature = "signature";

    /// <summary>Larger than any manifest or golden set; a bigger file is not one of ours.</summary>
    public const long MaxJsonBytes = 4 << 20;

    [GeneratedRegex("^[a-z0-9][a-z0-9._-]{0,63}$", RegexOptions.CultureInvariant)]
    private static partial Regex Name();

    public static bool IsName(string name) => Name().IsMatch(name) && name is not ("." or "..");

    [GeneratedRegex(@"^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}(/[A-Za-z0-9_][A-Za-z0-9._-]{0,99}){0,3}\z", RegexOptions.CultureInvariant)]
    private static partial Regex RelativePath();

    /// <summary>A path below a package's folder that is safe to be written to, and to be asked for over a network.</summary>
    public static bool IsPath(string path) => RelativePath().IsMatch(path);

    /// <exception cref="EdgeException">Not a name that is safe as a folder and as a topic level.</exception>
    public static string CheckName(string name) =>
        IsName(name ?? "")
            ? name!
            : throw new EdgeException($"'{name}' is not a model name: use 1 to 64 of a-z, 0-9, '.', '_' and '-', starting with a letter or digit.");

    public static string Sha256(string path)
    {
        using FileStream stream = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    /// <summary>Writes and flushes to the disk, so that a file that is visible is whole even after a power cut.</summary>
    public static void WriteDurably(string path, ReadOnlySpan<byte> content)
    {
        using FileStream stream = new(path, FileMode.Create, FileAccess.Write, FileShare.None);
        stream.Write(content);
        stream.Flush(flushToDisk: true);
    }

    public static void FlushFile(string path)
    {
        using FileStream stream = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read);
        stream.Flush(flushToDisk: true);
    }

    /// <summary>Makes the renames inside a folder durable (fsync of the directory itself).</summary>
    public static void FlushFolder(string path)
    {
        if (!OperatingSystem.IsLinux()) return;
        int descriptor = Open(path, 0x10000 /* O_RDONLY | O_DIRECTORY */);
        if (descriptor < 0) return;
        using SafeFileHandle handle = new(descriptor, ownsHandle: true);
        _ = Fsync(descriptor);   // best effort: some network file systems have no directory fsync
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(int descriptor);
}
