using System.Runtime.InteropServices;

namespace Edge.Agent.Capture.GenICam;

/// <summary>
/// What is used of libaravis 0.8, GObject and GLib (LGPL-2.1, Debian's package libaravis-0.8-0), by the C functions' names. A function with
/// <c>ref nint error</c> puts a GError there that <see cref="GError"/> takes over.
/// </summary>
internal static unsafe partial class Aravis
{
    private const string Library = "libaravis-0.8.so.0", GObjects = "libgobject-2.0.so.0";

    /// <summary>ArvBufferStatus: every part of the picture has arrived.</summary>
    public const int BufferSuccess = 0;

    /// <summary>ArvAcquisitionMode and ArvAuto.</summary>
    public const int Continuous = 0, AutoOff = 0;

    [LibraryImport(GObjects, EntryPoint = "g_object_unref")]
    public static partial void Unref(nint instance);

    [LibraryImport(Library, EntryPoint = "arv_update_device_list")]
    public static partial void UpdateDevices();

    [LibraryImport(Library, EntryPoint = "arv_get_n_devices")]
    public static partial uint CountDevices();

    [LibraryImport(Library, EntryPoint = "arv_get_device_id")]
    public static partial nint DeviceId(uint index);

    [LibraryImport(Library, EntryPoint = "arv_get_device_vendor")]
    public static partial nint DeviceVendor(uint index);

    [LibraryImport(Library, EntryPoint = "arv_get_device_model")]
    public static partial nint DeviceModel(uint index);

    [LibraryImport(Library, EntryPoint = "arv_get_device_serial_nbr")]
    public static partial nint DeviceSerial(uint index);

    [LibraryImport(Library, EntryPoint = "arv_get_device_address")]
    public static partial nint DeviceAddress(uint index);

    [LibraryImport(Library, EntryPoint = "arv_get_device_protocol")]
    public static partial nint DeviceProtocol(uint index);

    [LibraryImport(Library, EntryPoint = "arv_camera_new", StringMarshalling = StringMarshalling.Utf8)]
    public static partial GObject NewCamera(string? name, ref nint error);

    [LibraryImport(Library, EntryPoint = "arv_camera_get_device")]
    public static partial nint DeviceOf(GObject camera);

    [LibraryImport(Library, EntryPoint = "arv_camera_is_gv_device")]
    public static partial int IsGigE(GObject camera);

    /// <summary>0 once another program has taken the camera, or it has not answered for some seconds.</summary>
    [LibraryImport(Library, EntryPoint = "arv_gv_device_is_controller")]
    public static partial int IsController(nint device);

    [LibraryImport(Library, EntryPoint = "arv_device_read_register")]
    public static partial int ReadRegister(nint device, ulong address, out uint value, ref nint error);

    [LibraryImport(Library, EntryPoint = "arv_camera_set_region")]
    public static partial void SetRegion(GObject camera, int x, int y, int width, int height, ref nint error);

    [LibraryImport(Library, EntryPoint = "arv_camera_set_pixel_format_from_string", StringMarshalling = StringMarshalling.Utf8)]
    public static partial void SetPixelFormat(GObject camera, string format, ref nint error);

    [LibraryImport(Library, EntryPoint = "arv_camera_is_exposure_auto_available")]
    public static partial int HasExposureAuto(GObject camera, ref nint error);

    [LibraryImport(Library, EntryPoint = "arv_camera_set_exposure_time_auto")]
    public static partial void SetExposureAuto(GObject camera, int auto, ref nint error);

    [LibraryImport(Library, EntryPoint = "arv_camera_set_exposure_time")]
    public static partial void SetExposure(GObject camera, double microseconds, ref nint error);

    [LibraryImport(Library, EntryPoint = "arv_camera_is_gain_auto_available")]
    public static partial int HasGainAuto(GObject camera, ref nint error);

    [LibraryImport(Library, EntryPoint = "arv_camera_set_gain_auto")]
    public static partial void SetGainAuto(GObject camera, int auto, ref nint error);

    [LibraryImport(Library, EntryPoint = "arv_camera_set_gain")]
    public static partial void SetGain(GObject camera, double gain, ref nint error);

    [LibraryImport(Library, EntryPoint = "arv_camera_set_frame_rate")]
    public static partial void SetFrameRate(GObject camera, double perSecond, ref nint error);

    [LibraryImport(Library, EntryPoint = "arv_camera_gv_set_packet_size")]
    public static partial void SetPacketSize(GObject camera, int bytes, ref nint error);

    [LibraryImport(Library, EntryPoint = "arv_camera_gv_auto_packet_size")]
    public static partial uint NegotiatePacketSize(GObject camera, ref nint error);

    [LibraryImport(Library, EntryPoint = "arv_camera_clear_triggers")]
    public static partial void ClearTriggers(GObject camera, ref nint error);

    [LibraryImport(Library, EntryPoint = "arv_camera_set_trigger", StringMarshalling = StringMarshalling.Utf8)]
    public static partial void SetTrigger(GObject camera, string source, ref nint error);

    [LibraryImport(Library, EntryPoint = "arv_camera_set_acquisition_mode")]
    public static partial void SetAcquisitionMode(GObject camera, int mode, ref nint error);

    [LibraryImport(Library, EntryPoint = "arv_camera_get_payload")]
    public static partial uint PayloadBytes(GObject camera, ref nint error);

    [LibraryImport(Library, EntryPoint = "arv_camera_create_stream")]
    public static partial GObject NewStream(GObject camera, nint callback, nint data, ref nint error);

    [LibraryImport(Library, EntryPoint = "arv_camera_start_acquisition")]
    public static partial void Start(GObject camera, ref nint error);

    [LibraryImport(Library, EntryPoint = "arv_camera_stop_acquisition")]
    public static partial void Stop(GObject camera, ref nint error);

    [LibraryImport(Library, EntryPoint = "arv_camera_software_trigger")]
    public static partial void Trigger(GObject camera, ref nint error);

    /// <summary>The buffer belongs to the stream once it is pushed.</summary>
    [LibraryImport(Library, EntryPoint = "arv_buffer_new_allocate")]
    public static partial nint NewBuffer(nuint bytes);

    [LibraryImport(Library, EntryPoint = "arv_stream_push_buffer")]
    public static partial void Push(GObject stream, nint buffer);

    /// <summary>0 when none came in time.</summary>
    [LibraryImport(Library, EntryPoint = "arv_stream_timeout_pop_buffer")]
    public static partial nint Pop(GObject stream, ulong microseconds);

    /// <summary>0 when none is there.</summary>
    [LibraryImport(Library, EntryPoint = "arv_stream_try_pop_buffer")]
    public static partial nint Pop(GObject stream);

    [LibraryImport(Library, EntryPoint = "arv_buffer_get_status")]
    public static partial int Status(nint buffer);

    [LibraryImport(Library, EntryPoint = "arv_buffer_get_image_data")]
    public static partial byte* Data(nint buffer, out nuint bytes);

    [LibraryImport(Library, EntryPoint = "arv_buffer_get_image_width")]
    public static partial int Width(nint buffer);

    [LibraryImport(Library, EntryPoint = "arv_buffer_get_image_height")]
    public static partial int Height(nint buffer);

    [LibraryImport(Library, EntryPoint = "arv_buffer_get_image_padding")]
    public static partial void Padding(nint buffer, out int x, out int y);

    [LibraryImport(Library, EntryPoint = "arv_buffer_get_image_pixel_format")]
    public static partial uint Format(nint buffer);

    [LibraryImport(Library, EntryPoint = "arv_buffer_get_frame_id")]
    public static partial ulong FrameId(nint buffer);

    /// <summary>Nanoseconds of the camera's clock.</summary>
    [LibraryImport(Library, EntryPoint = "arv_buffer_get_timestamp")]
    public static partial ulong DeviceTime(nint buffer);

    /// <summary>Nanoseconds since 1970, our clock: when the picture's first packet arrived.</summary>
    [LibraryImport(Library, EntryPoint = "arv_buffer_get_system_timestamp")]
    public static partial ulong ArrivalTime(nint buffer);
}
