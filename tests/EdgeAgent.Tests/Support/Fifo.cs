using System.Runtime.InteropServices;

namespace Edge.Tests.Support;

/// <summary>A named pipe with a picture's name: whoever reads it hangs, as a dead camera's driver does, until a picture is written.</summary>
internal sealed partial class Fifo
{
    private readonly string path;

    public Fifo(string path)
    {
        this.path = path;
        if (MakeFifo(path, 0b110_000_000) != 0) throw new IOException($"mkfifo {path}: errno {Marshal.GetLastPInvokeError()}");
    }

    public Task ReleaseAsync(byte brightness) => Task.Run(() => File.WriteAllBytes(path, Pictures.Png(brightness)));

    [LibraryImport("libc", EntryPoint = "mkfifo", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MakeFifo(string path, uint mode);
}
