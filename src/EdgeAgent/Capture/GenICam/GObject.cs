using System.Runtime.InteropServices;

namespace Edge.Agent.Capture.GenICam;

/// <summary>One reference to a GObject (ArvCamera, ArvStream).</summary>
internal sealed class GObject() : SafeHandle(0, ownsHandle: true)
{
    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        Aravis.Unref(handle);
        return true;
    }
}

/// <summary>GLib's error record: domain, code, message.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly unsafe partial struct GError
{
    private readonly uint domain;
    private readonly int code;
    private readonly byte* message;

    /// <summary>Takes the error's text, frees it and sets the pointer back to none.</summary>
    public static string Take(ref nint error)
    {
        string text = Marshal.PtrToStringUTF8((nint)((GError*)error)->message) ?? "";
        Free(error);
        error = 0;
        return text;
    }

    [LibraryImport("libglib-2.0.so.0", EntryPoint = "g_error_free")]
    private static partial void Free(nint error);
}
