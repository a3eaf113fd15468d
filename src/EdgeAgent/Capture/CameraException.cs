namespace Edge.Agent.Capture;

/// <summary>What is wrong with a camera, as far as it can be told.</summary>
internal enum CameraCause
{
    None = 0,
    /// <summary>Something else; the text says it.</summary>
    Other,
    /// <summary>Nobody answers at its address.</summary>
    Unreachable,
    /// <summary>User or password is wrong or missing.</summary>
    Credentials,
    /// <summary>It answers and has no such stream or picture.</summary>
    NotFound,
    /// <summary>What comes is no picture that can be decoded.</summary>
    Codec,
    /// <summary>The stream has ended.</summary>
    Ended,
    /// <summary>It is open and gives no frames.</summary>
    Silent,
    /// <summary>It gives the same frame again and again.</summary>
    Frozen,
    /// <summary>Its frames are not as the golden frames are.</summary>
    Overexposed,
    Underexposed,
    ColorsSwapped,
    OutOfFocus,
    Shifted,
}

internal sealed class CameraException : EdgeException
{
    public CameraException(CameraCause cause, string message) : base(message) => Cause = cause;

    public CameraException(CameraCause cause, string message, Exception inner) : base(message, inner) => Cause = cause;

    public CameraCause Cause { get; }
}
