namespace Edge.Agent.Capture.GenICam;

/// <summary>A camera numbers its exposures; a gap is pictures that were lost on the way.</summary>
internal static class FrameNumbers
{
    /// <summary>More is no loss: the camera has started anew.</summary>
    private const ulong Most = 1000;

    /// <summary>Exposures between two numbers. GigE Vision's 16-bit numbers go from 65535 to 1: 0 is not used.</summary>
    public static int Missed(ulong last, ulong now)
    {
        ulong missed = now > last ? now - last - 1 : last <= ushort.MaxValue && now > 0 ? ushort.MaxValue - last + now - 1 : 0;
        return missed <= Most ? (int)missed : 0;
    }
}
