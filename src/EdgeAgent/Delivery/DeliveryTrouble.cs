namespace Edge.Agent.Delivery;

/// <summary>Why a version is not here yet.</summary>
internal enum DeliveryTrouble
{
    /// <summary>Nobody answers, the connection breaks, or the answer makes no sense.</summary>
    Unreachable = 0,
    /// <summary>The trainer's certificate is not trusted, or ours is not.</summary>
    Certificate,
    /// <summary>Our token is not known there.</summary>
    Credentials,
    /// <summary>The version is not what it should be, or does not prove itself.</summary>
    Refused,
    /// <summary>The disk has no room, or does not take it.</summary>
    Disk,
    /// <summary>One of our own files can't be read.</summary>
    File,
}

internal sealed class DeliveryException(DeliveryTrouble trouble, string message, Exception? inner = null) : EdgeException(message, inner!)
{
    public DeliveryTrouble Trouble => trouble;
}
