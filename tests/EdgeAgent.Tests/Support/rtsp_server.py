# An RTSP server on the loopback address: /live (noise), /h264, /frozen (one picture for ever), /audio. With a user and a password it asks for them.
import os
import sys
import gi
gi.require_version('Gst', '1.0')
gi.require_version('GstRtspServer', '1.0')
from gi.repository import GLib, Gst, GstRtspServer

Gst.init(None)
port, login = sys.argv[1], sys.argv[2:]
server = GstRtspServer.RTSPServer()
server.set_address('127.0.0.1')
server.set_service(port)
if login:
    auth, token = GstRtspServer.RTSPAuth(), GstRtspServer.RTSPToken()
    token.set_string('media.factory.role', 'user')
    auth.add_basic(GstRtspServer.RTSPAuth.make_basic(*login), token)
    server.set_auth(auth)
# GStreamer's noise is the same in each process; the brightness is not.
NOISE = f'videotestsrc is-live=true pattern=snow ! videobalance brightness={os.getpid() % 50 / 250} contrast={1 - os.getpid() // 50 % 50 / 100}'
VIDEO = 'video/x-raw,width=160,height=120,framerate=25/1,format=I420'
for path, launch in {
    '/live': f'{NOISE} ! {VIDEO} ! jpegenc ! rtpjpegpay name=pay0 pt=26',
    '/h264': f'{NOISE} ! {VIDEO} ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=25 ! rtph264pay name=pay0 pt=96 config-interval=1',
    '/frozen': f'videotestsrc is-live=true pattern=circular ! {VIDEO} ! jpegenc ! rtpjpegpay name=pay0 pt=26',
    '/audio': 'audiotestsrc is-live=true ! audio/x-raw,rate=8000,channels=1 ! alawenc ! rtppcmapay name=pay0 pt=8',
}.items():
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(f'( {launch} )')
    factory.set_shared(True)
    if login:
        factory.add_role_from_structure(Gst.Structure.new_from_string('user, media.factory.access=(boolean)true, media.factory.construct=(boolean)true'))
    server.get_mount_points().add_factory(path, factory)
server.attach(None)
print('up', flush=True)
GLib.MainLoop().run()
