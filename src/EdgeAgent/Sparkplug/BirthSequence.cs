using System.Globalization;

namespace Edge.Agent.Sparkplug;

/// <summary>
/// bdSeq: ties a death certificate to its birth. One more with each MQTT session, 255 is followed by 0, and it goes on after a restart: the number is on
/// the disk before the broker hears it.
/// </summary>
internal sealed partial class BirthSequence(StateFile file, ILogger log)
{
    private byte? number;
    private bool used;

    /// <summary>The number of the session that is being made, or of the one that is. The same until <see cref="Use"/>: an attempt that nobody answered is none.</summary>
    public byte Current
    {
        get
        {
            if (number is null) Advance(Stored());
            else if (used) Advance(number);
            return number!.Value;
        }
    }

    /// <summary>The broker has taken the session with this number.</summary>
    public byte Use()
    {
        used = true;
        return number!.Value;
    }

    private void Advance(byte? before)
    {
        number = before is { } last ? (byte)(last + 1) : (byte)0;
        used = false;
        try
        {
            file.Write(number.Value.ToString(CultureInfo.InvariantCulture));
        }
        catch (EdgeException e)
        {
            LogNotKept(e.Message);   // a full disk stops no results
        }
    }

    private byte? Stored()
    {
        try
        {
            return byte.TryParse(file.Read(), NumberStyles.None, CultureInfo.InvariantCulture, out byte last) ? last : null;
        }
        catch (EdgeException e)
        {
            LogNotKept(e.Message);
            return null;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "the number of the Sparkplug session: {Why}")]
    private partial void LogNotKept(string why);
}
