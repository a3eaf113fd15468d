using System.Runtime.InteropServices;

namespace Edge.Agent.Models;

/// <summary>
/// Linux keeps the priority by thread, and threads that a runtime starts have their creator's; .NET's own ThreadPriority does nothing there. A thread never
/// gets it back.
/// </summary>
internal static partial class LowestPriority
{
    private const int Process = 0, Calling = 0, Lowest = 19;   // linux/resource.h

    public static void OfThisThread()
    {
        if (OperatingSystem.IsLinux()) _ = SetPriority(Process, Calling, Lowest);
        else Thread.CurrentThread.Priority = ThreadPriority.Lowest;
    }

    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, int who, int priority);
}
