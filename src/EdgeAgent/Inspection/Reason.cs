namespace Edge.Agent.Inspection;

/// <summary>Why a part is <c>uninspected</c>. Closed: a PLC program may list them.</summary>
internal enum Reason
{
    /// <summary>The part was inspected.</summary>
    None = 0,
    /// <summary>More parts than <c>QueueCapacity</c> were waiting.</summary>
    Overload,
    /// <summary>The camera is away, stalled or gave no frame.</summary>
    Camera,
    /// <summary>There was a picture and it can't be decoded.</summary>
    FrameUnreadable,
    /// <summary>The frame does not fit the model's preprocessing (the region of interest lies outside).</summary>
    FrameMisfit,
    /// <summary>No model has proved itself yet.</summary>
    NoModel,
    /// <summary>The model's score is not a finite number.</summary>
    InvalidScore,
    /// <summary>The deadline passed before there was a verdict.</summary>
    Deadline,
    /// <summary>The model failed on this frame.</summary>
    Inference,
    /// <summary>The agent was stopped before the part's turn.</summary>
    Shutdown,
    /// <summary>The part is of another recipe than the one that is made now.</summary>
    Recipe,
    /// <summary>The station was told to pause.</summary>
    Paused,
    /// <summary>The agent or its connection was interrupted after the trigger: what is in front of the camera now may be another part.</summary>
    Interrupted,
    /// <summary>The trigger came too soon after another: a sensor that bounces.</summary>
    Debounced,
}
