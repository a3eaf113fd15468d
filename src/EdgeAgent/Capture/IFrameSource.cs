namespace Edge.Agent.Capture;

/// <summary>What a grab gave.</summary>
internal enum Grab
{
    /// <summary>Nothing to see yet: no part is there.</summary>
    Nothing = 0,
    Frame,
    /// <summary>There was a picture and it can't be read; the source goes on.</summary>
    Unreadable,
    /// <summary>There will be no more.</summary>
    Ended,
    /// <summary>The same picture as the one before, to the last bit: not of this part. Said by <see cref="Camera"/>, of live sources.</summary>
    Repeated,
}

/// <summary>A camera, or what stands in for one. One thread at a time; both methods may block.</summary>
internal interface IFrameSource : IDisposable
{
    /// <summary>Opens the device, or opens it again after a failure.</summary>
    /// <exception cref="EdgeException">It can't be opened; tried again later.</exception>
    void Open();

    /// <summary>Exposure and gain of the pictures from here on, also after it was opened again. Where a source has none the configuration sets none.</summary>
    /// <exception cref="EdgeException">The camera refuses them, or failed.</exception>
    void Use(CameraSettings settings) { }

    /// <summary>A part is in front of the camera now: pictures from before are not of it. Where pictures wait in order (a folder) this is nothing.</summary>
    /// <exception cref="EdgeException">The device failed; it is opened again.</exception>
    void NewPart() { }

    /// <summary>Waits for the next picture.</summary>
    /// <param name="wait">Longest wait for a picture that isn't there yet.</param>
    /// <exception cref="EdgeException">The device failed; it is opened again.</exception>
    Grab Grab(Frame into, TimeSpan wait);

    /// <summary>Between two parts: looks whether the device is still there, without waiting.</summary>
    /// <exception cref="EdgeException">It is not; it is opened again.</exception>
    void Check() { }

    /// <summary>A device, not a store of pictures: when none comes in time it has failed.</summary>
    bool IsLive => false;

    /// <summary>A signal at the camera makes the exposures: each is a part, also those without a picture, and none for hours is a line that stands.</summary>
    bool EveryFrameIsAPart => false;
}
