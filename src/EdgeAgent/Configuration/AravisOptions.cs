using System.ComponentModel.DataAnnotations;

namespace Edge.Agent.Configuration;

/// <summary>Kind Aravis: a GigE Vision or USB3 Vision camera. What is null or 0 stays as the camera has it.</summary>
internal sealed class AravisOptions
{
    /// <summary>Aravis: IP address, serial number, or an id as <c>edge-agent cameras</c> prints it; none = the first that is found.</summary>
    public string? Device { get; set; }

    /// <summary>
    /// Aravis: what starts an exposure: <c>Off</c> (the camera's own rate), <c>Software</c> (the agent, for each part), or an input of the camera
    /// (<c>Line1</c>): then each exposure is a part and Trigger:Mode must be FreeRunning. None: Software, with mode FreeRunning Off.
    /// </summary>
    [RegularExpression("^[A-Za-z][A-Za-z0-9]{0,63}$")]
    public string? Trigger { get; set; }

    /// <summary>Aravis: exposure time, microseconds; switches the camera's automatic off.</summary>
    [Range(1.0, 60_000_000.0)]
    public double? ExposureUs { get; set; }

    /// <summary>Aravis: gain, in the camera's unit (mostly dB); switches the camera's automatic off.</summary>
    [Range(0.0, 1000.0)]
    public double? Gain { get; set; }

    /// <summary>Aravis: Mono8, Mono10, Mono12, Mono14, Mono16, Mono10Packed, Mono12Packed, Mono10p, Mono12p, BayerRG8 (GR, GB, BG), RGB8 or BGR8.</summary>
    [RegularExpression("^[A-Za-z][A-Za-z0-9]{0,63}$")]
    public string? PixelFormat { get; set; }

    /// <summary>Aravis: first column of the region, pixels of the sensor. Its size is Width and Height.</summary>
    [Range(0, 65_535)]
    public int OffsetX { get; set; }

    /// <summary>Aravis: first row of the region, pixels of the sensor.</summary>
    [Range(0, 65_535)]
    public int OffsetY { get; set; }

    /// <summary>Aravis: frames per second when nothing triggers the camera.</summary>
    [Range(0.01, 100_000.0)]
    public double? FrameRate { get; set; }

    /// <summary>Aravis, GigE Vision: bytes of a packet; 0 = the largest that the network lets through is found out.</summary>
    [Range(0, 16_000)]
    public int PacketSize { get; set; }
}
